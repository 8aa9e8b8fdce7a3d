"""What regions gain and lose: the probability of each within some years, and how far it can be trusted.

`windows` says what is known at the start of a window, `models` what makes a probability of it, `rehearsal` forecasts the past
as it would have been, `trained` the future; `evaluation` sets the models side by side with `scores`.
"""

from redqueen.studies.forecast.evaluation import Evaluation, evaluate
from redqueen.studies.forecast.trained import HORIZON, Forecast
from redqueen.studies.forecast.windows import GAIN, KINDS, LEAST, LOSE

__all__ = ["GAIN", "HORIZON", "KINDS", "LEAST", "LOSE", "Evaluation", "Forecast", "evaluate"]
