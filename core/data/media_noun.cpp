// SPDX-License-Identifier: Apache-2.0
#include "core/data/media_noun.h"

#include "core/data/media/signature.h"

namespace orrery {

std::optional<MediaNoun> mediaNounOf(std::string_view head)
{
    head = head.substr(0, kSignatureBytes);
    const auto noun = [](Modality modality, const char *format, bool isReadable) {
        const char *word = modality == Modality::Image ? "picture" : "recording";
        return MediaNoun{modality, std::string(word) + " (" + format + ")", isReadable};
    };
    const FileKind kind = fileKindOf(head);
    const Modality modality = modalityOf(kind);
    if (modality == Modality::Image || modality == Modality::Audio)
        return noun(modality, fileKindName(kind), true);
    // Short marks begin texts of other encodings, too ("як" of Windows-1251 is that of MP3); those have no
    // NUL.
    if (kind != FileKind::Unknown || head.find('\0') == std::string_view::npos) return std::nullopt;
    if (const auto foreign = foreignFormatOf(head)) return noun(foreign->modality, foreign->name, false);
    return std::nullopt;
}

} // namespace orrery
