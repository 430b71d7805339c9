"""What the routes share: built once when the service starts, closed when it stops."""

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from app.batches.service import Batches
from app.colorizing.colorizer import Colorizer
from app.colorizing.engine import Engine
from app.colorizing.registry import Registry
from app.jobs.service import Jobs
from app.lane import Lane
from app.serving.place import Place
from app.settings import Settings
from app.telemetry import Metrics


@dataclass(frozen=True)
class Services:
    """The parts of one running service."""

    settings: Settings
    metrics: Metrics
    registry: Registry
    engine: Engine
    colorizer: Colorizer
    arithmetic: Lane
    jobs: Jobs
    batches: Batches
    place: Place = field(default_factory=Place)

    def close(self, timeout: float) -> bool:
        """Finish what was taken and end the threads (blocking); False if that took over `timeout` seconds."""
        self.registry.close()
        self.colorizer.close()
        self.arithmetic.close()
        self.jobs.close()
        return self.engine.close(timeout)


async def services(connection: HTTPConnection) -> Services:
    """The running service's parts, as a dependency of a route."""
    found: Services = connection.app.state.services
    return found
