// SPDX-License-Identifier: Apache-2.0
// What a file is that is no text, in the words of a message. Pure; any thread.
#pragma once

#include "core/spec/modality.h"

#include <optional>
#include <string>
#include <string_view>

namespace orrery {

struct MediaNoun {
    Modality modality = Modality::Unknown; ///< Image or Audio
    std::string text;                      ///< "picture (PNG)", behind an article
    bool isReadable = true;                ///< false: of a format that nothing here decodes
};

/// By the signature, whatever the name says; nothing for text and for bytes that nobody knows.
/// @param head the front of a file, at best kSignatureBytes of it
std::optional<MediaNoun> mediaNounOf(std::string_view head);

} // namespace orrery
