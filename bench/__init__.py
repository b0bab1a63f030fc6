"""`make bench`: how fast the provider is, how soon it answers, how much memory it takes.

The figures depend on the machine and on what else it does; their ratios within one run much less. So each round also
measures how many RS256 signatures the server's core makes, the one thing that a login cannot do without.
"""
