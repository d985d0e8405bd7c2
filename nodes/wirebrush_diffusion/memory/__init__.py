"""Networks on a device that may be too small for them.

    placement   which of a network's weights are on the device, and their homes in host memory
    streaming   weights that come when they are needed and leave when they were
    plans       how much of it fits: everything, block by block, layer by layer; how much at once
    using       the way to run a network: plan, bring, compute, and once more with less
    transfer    how tensors travel; the only file that knows streams and pinned memory
    meter       what a simulated device would have allocated

Weights are never written to, so what leaves the device is not copied back: the host still has it.
"""
