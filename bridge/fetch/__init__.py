"""Records read from CRMs whose events say little more than an id: after an event is kept, before it is translated."""
