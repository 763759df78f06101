// SPDX-License-Identifier: Apache-2.0
#include "core/infer/device_choice.h"

namespace orrery {

DeviceChoice chooseDevice(const std::string &asked, const std::string &trained,
                          const std::function<Result<void>(const std::string &)> &open)
{
    if (!asked.empty()) return {asked, ""};
    if (trained.empty() || trained == "cpu") return {"cpu", ""};
    const Result<void> opened = open(trained);
    if (opened.ok()) return {trained, ""};
    return {"cpu", opened.error().message + " The run trains on it; the model runs on the CPU here."};
}

} // namespace orrery
