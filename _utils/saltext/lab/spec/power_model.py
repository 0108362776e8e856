"""What a lab says of the power button of a host."""

from typing import Literal

from saltext.lab.schema import Model, field


class Power(Model):
    driver: Literal["rack"] = field("who switches it on and off", "rack", default=...)
