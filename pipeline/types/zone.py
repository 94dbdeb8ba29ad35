"""Zones: where an animal can be."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.types.entry import Entry

Point2 = tuple[float, float]
Point3 = tuple[float, float, float]


class Zone(Entry):
    """A named polygon on the arena floor, or a volume. World units (m; px where the experiment is not calibrated).

    A *polygon* without `z` is two-dimensional: it holds whatever is above it. With `z = [lower, upper]` it is a volume.
    A *box* is `[[x0, x1], [y0, y1], [z0, z1]]`. A *cylinder* stands upright: `centre`, `radius`, `z`. A *sphere* has
    `centre` (three coordinates) and `radius`. A zone includes its boundary.
    """

    name: str = Field(min_length=1)
    polygon: list[Point2] | None = None
    box: tuple[Point2, Point2, Point2] | None = None
    cylinder: Point2 | None = Field(None, description="centre x, y of an upright cylinder")
    sphere: Point3 | None = Field(None, description="centre x, y, z of a sphere")
    radius: Annotated[float, Field(gt=0)] | None = None
    z: Point2 | None = Field(None, description="lower and upper z of a polygon or cylinder")
    priority: int | None = Field(None, description="exclusive zones: the lowest number wins where zones overlap")

    @property
    def shape(self) -> Literal["polygon", "box", "cylinder", "sphere"]:
        """Which of the four shapes this is."""
        if self.polygon is not None:
            return "polygon"
        if self.box is not None:
            return "box"
        return "cylinder" if self.cylinder is not None else "sphere"

    @model_validator(mode="after")
    def _one_shape(self) -> "Zone":
        given = [name for name in ("polygon", "box", "cylinder", "sphere") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of polygon, box, cylinder, sphere; got {given or 'none'}")
        if self.name in {"lost", "outside"}:
            raise ValueError(f"the name {self.name!r} is taken: it is a row of every zone table")
        if self.polygon is not None and len(set(self.polygon)) < 3:
            raise ValueError(f"expected a polygon of at least 3 different points, got {len(set(self.polygon))}")
        if self.polygon is not None and (crossing := _crossing(self.polygon)):
            first, second = crossing
            raise ValueError(
                f"the polygon crosses itself: the edge after corner {first} and the edge after corner {second}; "
                "list the corners in order around the zone"
            )
        if (self.cylinder is not None or self.sphere is not None) != (self.radius is not None):
            raise ValueError("expected a radius with a cylinder or a sphere, and only there")
        if self.z is not None and (self.box is not None or self.sphere is not None):
            raise ValueError("z belongs to a polygon or a cylinder; a box and a sphere have their own height")
        for low, high in [*(self.box or ()), *([self.z] if self.z else [])]:
            if not low < high:
                raise ValueError(f"expected lower < upper, got [{low}, {high}]")
        return self


def _crossing(polygon: list[Point2]) -> tuple[int, int] | None:
    """The first two edges that cut through each other, counted from 1; edges that only touch do not."""

    def side(a: Point2, b: Point2, c: Point2) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    edges = list(zip(polygon, [*polygon[1:], polygon[0]], strict=True))
    for i, (a, b) in enumerate(edges):
        for j, (c, d) in enumerate(edges[i + 1 :], start=i + 1):
            if side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0:
                return i + 1, j + 1
    return None
