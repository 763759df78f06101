// SPDX-License-Identifier: Apache-2.0
// What a pass has computed on a device, on its way to the host: all copies are begun while the pass goes on,
// and waited for once. A copy that is waited for by itself holds up everything that would be begun behind it.
// Made for one pass; only the thread that owns the model.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace orrery {

class HostCopies {
public:
    /// Without gradients. @return what is on the host already, as it is; else memory of the host that may be
    /// read behind wait()
    [[nodiscard]] at::Tensor begin(const at::Tensor &x);
    void wait();

private:
    std::optional<at::Device> m_device; ///< that copies come from
};

} // namespace orrery
