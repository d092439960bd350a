"""What `make up` and `make demo KEEP=1` do before they start anything."""

from rich.console import Console

from jetbridge_local.demo.ports import Ports
from jetbridge_local.demo.show import Demo
from jetbridge_local.site.down import take_down
from jetbridge_local.site.paths import Paths


def attached(paths: Paths, console: Console) -> Demo:
    """The demo that is up already, with Airflow's history; without one, as `fresh`."""
    demo = Demo(paths, console, Ports.kept(paths.ports))
    return demo if demo.attach() else fresh(paths, console)


def fresh(paths: Paths, console: Console) -> Demo:
    """A demo that isn't up, at the ports of the last one; what that one left up is ended."""
    ports = Ports.kept(paths.ports)
    take_down(paths)
    return Demo(paths, console, ports.replaced_if_taken(paths.ports))
