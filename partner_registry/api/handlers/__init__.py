"""What is done, one file a noun: a handler is given the call, the resource it is on, the query and the body, as far as
its row of `operations` has them. That row's summary says what it does."""
