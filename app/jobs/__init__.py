"""Jobs: runs of the lab's demos that survive the death of any process, in a durable queue on DBOS.

A job is a row before it is accepted. A worker claims it, takes the demo's steps one by one in a process that
can be killed, and writes after each step, in one transaction, the state to go on from and the events the step
gave. Whoever claims the job next, after any accident, goes on from there.
"""
