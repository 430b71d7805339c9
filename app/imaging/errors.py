"""What can be wrong with a picture; every message is fit to be shown to whoever sent it."""


class PictureError(ValueError):
    """A picture that cannot be read or written."""


class UnsupportedPicture(PictureError):
    """Not one still picture in a format that is read here, or not one the wanted format can hold."""


class BrokenPicture(PictureError):
    """Named as a known format, but empty, truncated or damaged."""


class PictureTooLarge(PictureError):
    """More pixels than allowed; told from the header, before anything is decoded."""
