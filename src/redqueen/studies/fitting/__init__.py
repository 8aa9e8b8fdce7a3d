"""Which parameters give the micro facts, and which of them do the facts not identify?"""
