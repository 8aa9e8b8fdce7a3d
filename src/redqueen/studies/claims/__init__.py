"""Which of the documents' claims hold in the model? Each is a registered experiment with a threshold and a rival that can win."""
