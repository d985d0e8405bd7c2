"""Pictures that steer a run beside its prompt: ControlNets, T2I-Adapters, IP-Adapters."""
