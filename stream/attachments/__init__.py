"""Evidence files of active-safety alarms (T/JSATL 12-2017, 6): the protocol, and the server that takes
them."""
