"""The worker process: claims jobs, takes their steps in processes that can be killed, keeps what came."""
