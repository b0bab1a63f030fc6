"""A small, strict site for the acceptance run (`glc recette run`), and the same site with planted mistakes.

Without `--mistake` it is an example to read: everything a Relying Party owes its users, each check a few lines.
With it, the named check is left out, which is how the acceptance run is proven to find it. Read in this order:

- `config.py`: what the site must be told; `mistakes.py`: what can be left out;
- `site.py`: the pages, from `/login` to `/callback`, and the three ways to log out;
- `provider.py`: what the site asks the provider; `tokens.py`: what it verifies of an ID Token and of a logout token;
- `browsers.py`: who is logged in, and the logins under way.

Run it with `python -m demo.recette_site --help`.
"""
