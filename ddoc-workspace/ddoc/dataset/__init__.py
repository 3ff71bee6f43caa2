"""The data of a root: items, annotations, index, edits and what is derived from them."""
