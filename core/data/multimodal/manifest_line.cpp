// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/manifest_line.h"

#include "core/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace orrery {

namespace {

constexpr size_t kMaxDepth = 64;
const std::string kPartKeys[] = {"text", "image", "audio", "loss"};
constexpr const char *kPartRule = "an object with \"text\", \"image\" or \"audio\"";

/// Bytes in front of the first that belongs to no character.
size_t numValidUtf8Bytes(std::string_view text)
{
    const std::string mended = sanitizeUtf8(text);
    return static_cast<size_t>(std::mismatch(text.begin(), text.end(), mended.begin(), mended.end()).first -
                               text.begin());
}

class LineHandler {
public:
    explicit LineHandler(std::vector<ManifestPart> &parts) : m_parts(parts) {}

    BrokenRule broken;
    bool hasList = false;

    bool null() { return scalar("null"); }
    bool number_float(double, const std::string &text) { return scalar("the number " + shownText(text)); }
    bool number_integer(int64_t value) { return scalar("the number " + std::to_string(value)); }
    bool number_unsigned(uint64_t value) { return scalar("the number " + std::to_string(value)); }
    bool binary(std::vector<uint8_t> &) { return scalar("binary"); }

    bool boolean(bool value)
    {
        if (!isInPart() || m_key != "loss") return scalar(value ? "true" : "false");
        m_hasLoss = true;
        m_parts.back().loss = value ? CarriesLoss::Yes : CarriesLoss::No;
        return true;
    }

    bool string(std::string &text)
    {
        if (!isInPart() || m_key == "loss") return scalar("the text \"" + shownText(text) + "\"");
        m_parts.back().modality = modalityFromName(m_key);
        m_parts.back().value = std::move(text);
        return true;
    }

    bool start_object(size_t)
    {
        if (m_depth == 0) return enter();
        if (m_listDepth != 0 && m_depth == m_listDepth) {
            m_parts.emplace_back();
            m_hasLoss = false;
            m_key.clear();
            return enter();
        }
        return isIgnored() ? enter() : scalar("an object");
    }

    bool end_object()
    {
        --m_depth;
        return m_listDepth == 0 || m_depth != m_listDepth || endPart();
    }

    bool start_array(size_t)
    {
        const bool isList = m_depth == 0 || (m_depth == 1 && m_listDepth == 0 && m_isParts);
        if (!isList) return isIgnored() ? enter() : scalar("a list");
        hasList = true;
        m_listDepth = m_depth + 1;
        return enter();
    }

    bool end_array()
    {
        if (m_depth-- == m_listDepth) m_listDepth = 0;
        return true;
    }

    bool key(std::string &name)
    {
        if (m_depth == 1 && m_listDepth == 0) {
            m_isParts = name == "parts";
            return !m_isParts || !hasList || fail("the record has parts twice", "each field once");
        }
        if (!isInPart()) return true;
        if (std::find(std::begin(kPartKeys), std::end(kPartKeys), name) == std::end(kPartKeys)) {
            const std::string near = nearestName(name, kPartKeys);
            return fail(part() + " has \"" + shownText(name) + "\"",
                        "\"text\", \"image\" or \"audio\"" +
                            (near.empty() ? "" : " (did you mean \"" + near + "\"?)"));
        }
        const bool isSecond = name == "loss" ? m_hasLoss : m_parts.back().modality != Modality::Unknown;
        if (isSecond)
            return fail(
                part() + (name == "loss" ? " has loss twice" : " has more than one of text, image and audio"),
                "one of each");
        m_key = name;
        return true;
    }

    bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &)
    {
        return fail("broken JSON at byte " + std::to_string(position), "one record per line");
    }

private:
    bool fail(std::string found, std::string expected)
    {
        broken = {std::move(found), std::move(expected)};
        return false;
    }
    std::string part() const { return "part " + std::to_string(m_parts.size() - 1); }
    bool isInPart() const { return m_listDepth != 0 && m_depth == m_listDepth + 1; }
    /// Whether the parser stands inside a field that nobody reads.
    bool isIgnored() const { return m_listDepth == 0 && m_depth >= 1 && !m_isParts; }

    bool enter()
    {
        if (++m_depth <= kMaxDepth) return true;
        return fail("the record is nested more than " + std::to_string(kMaxDepth) + " levels deep",
                    "a list of parts");
    }

    bool endPart()
    {
        const ManifestPart &last = m_parts.back();
        if (last.modality == Modality::Unknown) return fail(part() + " is empty", kPartRule);
        if (m_hasLoss && last.modality != Modality::Text)
            return fail(part() + " has \"loss\" beside \"" + modalityName(last.modality) + "\"",
                        "it beside \"text\" only");
        return true;
    }

    bool scalar(const std::string &what)
    {
        if (m_depth == 0) return fail("the line is " + what, "a list of parts");
        if (isIgnored()) return true;
        if (m_listDepth == 0) return fail("\"parts\" is " + what, "a list of parts");
        if (!isInPart()) return fail("part " + std::to_string(m_parts.size()) + " is " + what, kPartRule);
        return fail("\"" + m_key + "\" of " + part() + " is " + what, m_key == "loss" ? "true or false"
                                                                      : m_key == "text"
                                                                          ? "a text"
                                                                          : "the path of a file");
    }

    std::vector<ManifestPart> &m_parts;
    size_t m_depth = 0;
    size_t m_listDepth = 0; ///< depth inside of the list of parts; 0 outside
    bool m_isParts = false; ///< the field of the record that is being read is "parts"
    bool m_hasLoss = false;
    std::string m_key;
};

} // namespace

std::optional<BrokenRule> parseManifestLine(std::string_view line, std::vector<ManifestPart> &parts)
{
    parts.clear();
    // The parser takes a NUL for the end of its input, so anything could hide behind one.
    if (const void *nul = std::memchr(line.data(), 0, line.size()))
        return BrokenRule{"NUL at byte " + std::to_string(static_cast<const char *>(nul) - line.data() + 1),
                          "one record per line"};
    LineHandler handler(parts);
    if (!nlohmann::json::sax_parse(line.begin(), line.end(), &handler)) {
        if (!isValidUtf8(line))
            return BrokenRule{"it is not UTF-8 from byte " + std::to_string(numValidUtf8Bytes(line) + 1) +
                                  " on",
                              "JSON in UTF-8"};
        return handler.broken;
    }
    if (!handler.hasList) return BrokenRule{"the record has no \"parts\"", "a list of parts"};
    if (parts.empty()) return BrokenRule{"the record has no part", "one at least"};
    return std::nullopt;
}

} // namespace orrery
