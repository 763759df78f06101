// SPDX-License-Identifier: Apache-2.0
#include "core/data/modality.h"

namespace orrery {

const char *modalityName(Modality modality)
{
    switch (modality) {
    case Modality::Text:
        return "text";
    case Modality::Image:
        return "image";
    case Modality::Audio:
        return "audio";
    case Modality::Unknown:
        break;
    }
    return "unknown";
}

Modality modalityFromName(std::string_view name)
{
    for (Modality modality : kModalities)
        if (name == modalityName(modality)) return modality;
    return Modality::Unknown;
}

} // namespace orrery
