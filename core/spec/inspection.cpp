// SPDX-License-Identifier: Apache-2.0
#include "core/spec/inspection.h"

#include <charconv>

namespace orrery {

std::string headName(const HeadRef &ref)
{
    return std::to_string(ref.layer) + '.' + std::to_string(ref.head);
}

bool headFromName(const std::string &name, HeadRef &ref)
{
    const char *const end = name.data() + name.size();
    HeadRef read;
    const auto layer = std::from_chars(name.data(), end, read.layer);
    if (layer.ec != std::errc{} || layer.ptr == end || *layer.ptr != '.') return false;
    const auto head = std::from_chars(layer.ptr + 1, end, read.head);
    // One name for one head: no "02.0", nothing below 0, nothing behind it.
    if (head.ec != std::errc{} || read.layer < 0 || read.head < 0 || headName(read) != name) return false;
    ref = read;
    return true;
}

} // namespace orrery
