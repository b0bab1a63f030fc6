"""How sessions end, and who is told: RP-Initiated, Front-Channel and Back-Channel Logout 1.0, Session Management 1.0.

Which of them there are is the dialect's. Whatever ends a session goes through `idp.sessions.end`.
"""
