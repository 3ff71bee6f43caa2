"""Names of the flags that Pascal VOC keeps per object, as they stand in an annotation's extra."""

FLAGS = ("truncated", "difficult", "occluded")
