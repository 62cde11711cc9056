"""Evidence of alarms: raw active-safety alarms, their files, where these are kept and for how long."""
