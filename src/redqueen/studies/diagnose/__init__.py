"""What is a region distinctively good at, what could it do next, and where does it stand?"""

from redqueen.studies.diagnose.diagnosis import Diagnosis, diagnose

__all__ = ["Diagnosis", "diagnose"]
