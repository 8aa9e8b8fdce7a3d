"""Finds partners: who has what a region lacks, gains from it in return, and can be reached; and tests that against later ties."""

from redqueen.studies.partners.evaluating import Evaluation, evaluate
from redqueen.studies.partners.ranking import Partners, partners
from redqueen.studies.partners.rating import Partner, Reason

__all__ = ["Evaluation", "Partner", "Partners", "Reason", "evaluate", "partners"]
