"""Who is told of what happens: messages queued with the act they tell of, and their delivery to webhooks."""
