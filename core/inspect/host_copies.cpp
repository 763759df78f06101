// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/host_copies.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/types.h>

namespace orrery {

at::Tensor HostCopies::begin(const at::Tensor &x)
{
    const at::Tensor values = x.detach().contiguous();
    if (values.is_cpu() || values.numel() == 0) return values.cpu();
    m_device = values.device();
    // Page-locked memory takes copies several times as fast and without a wait; LibTorch keeps it for the next time.
    const at::Tensor host = at::empty(
        values.sizes(), at::TensorOptions(values.scalar_type()).pinned_memory(true));
    host.copy_(values, true);
    return host;
}

void HostCopies::wait()
{
    if (!m_device) return;
    c10::impl::VirtualGuardImpl(m_device->type()).getStream(*m_device).synchronize();
    m_device.reset();
}

} // namespace orrery
