"""The partner registry: which commune may connect, under which agreement, for which purpose.

Owns: communes and their populations, partners, agreements, processings and purposes, clients and their bindings.
Refuses: to delete or overwrite what was signed; to store a status that dates already say.
Follows: the rules R1–R36 of the partnership's convention (deliberation 2018/4385 of Lyon); GDPR articles 4, 13, 30.
Answers one question of the provider: `terms.terms_for`.
"""
