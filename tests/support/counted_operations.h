// SPDX-License-Identifier: Apache-2.0
// What a pass costs where no clock is needed: how many operations it begins. The thread that asks.
#pragma once

#include <ATen/record_function.h>

#include <functional>
#include <memory>

namespace orrery {

/// Operations that LibTorch dispatches on this thread, backward passes with them.
inline int operationsOf(const std::function<void()> &work)
{
    static int s_count;
    s_count = 0;
    const auto handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction &) -> std::unique_ptr<at::ObserverContext> {
            ++s_count;
            return nullptr;
        }).scopes({at::RecordScope::FUNCTION}));
    work();
    at::removeCallback(handle);
    return s_count;
}

} // namespace orrery
