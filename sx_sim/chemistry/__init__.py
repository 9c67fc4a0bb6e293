"""What distributes, and why: elements, published constants, aqueous chemistry."""
