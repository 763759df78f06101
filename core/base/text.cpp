// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"

#include "core/base/assert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <openssl/evp.h>
#include <utility>

namespace orrery {

namespace {

char lowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), without case.
size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<size_t> beforeLast(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const char ca = lowerCase(a[i - 1]);
            const char cb = lowerCase(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (ca == cb ? 0 : 1)});
            if (i > 1 && j > 1 && ca == lowerCase(b[j - 2]) && lowerCase(a[i - 2]) == cb)
                row[j] = std::min(row[j], beforeLast[j - 2] + 1);
        }
        std::swap(beforeLast, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

/// Length of the well-formed sequence at the front, 0 when it is broken.
size_t sequenceLength(std::string_view text)
{
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    size_t length = 0;
    unsigned char least = 0x80;
    unsigned char most = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        if (first == 0xE0) least = 0xA0;
        if (first == 0xED) most = 0x9F; // surrogates
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        if (first == 0xF0) least = 0x90;
        if (first == 0xF4) most = 0x8F; // above U+10FFFF
    }
    if (length == 0 || text.size() < length || byte(1) < least || byte(1) > most) return 0;
    for (size_t i = 2; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    return length;
}

std::string printed(const char *format, double value)
{
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return buffer.data();
}

/// Three significant digits, but never fewer than the whole part: 12.4, 437, 1023.
std::string shortNumber(double value)
{
    if (value < 9.995) return printed("%.2f", value);
    return value < 99.95 ? printed("%.1f", value) : printed("%.0f", value);
}

std::string trimmedNumber(double value)
{
    std::string text = shortNumber(value);
    if (text.find('.') == std::string::npos) return text;
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

} // namespace

std::string nearestName(std::string_view wanted, std::span<const std::string> candidates)
{
    // Long texts are no typing slips, and the distance costs their product.
    if (wanted.empty() || wanted.size() > 256) return {};
    size_t best = std::max<size_t>(2, wanted.size() / 3) + 1;
    std::string name;
    for (const std::string &candidate : candidates) {
        const size_t distance = editDistance(wanted, candidate);
        if (distance < best && distance < std::max(wanted.size(), candidate.size())) {
            best = distance;
            name = candidate;
        }
    }
    return name;
}

bool isValidUtf8(std::string_view text)
{
    while (!text.empty()) {
        const size_t length = sequenceLength(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string sanitizeUtf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const size_t length = sequenceLength(text);
        if (length == 0)
            out += "\xEF\xBF\xBD";
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<size_t>(length, 1));
    }
    return out;
}

std::string formatBytes(uint64_t bytes)
{
    constexpr std::array<const char *, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    size_t unit = 0;
    for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024.0;
    return trimmedNumber(value) + " " + kUnits[unit];
}

std::string formatCount(double value)
{
    if (!std::isfinite(value)) return std::isnan(value) ? "NaN" : value > 0 ? "Inf" : "-Inf";
    constexpr std::array<const char *, 6> kUnits = {"", " k", " M", " G", " T", " P"};
    const std::string sign = value < 0 ? "-" : "";
    value = std::abs(value);
    size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000.0;
    return sign + trimmedNumber(value) + kUnits[unit];
}

std::string formatDuration(double seconds)
{
    if (!std::isfinite(seconds)) return "unknown";
    if (seconds < 0) return "-" + formatDuration(-seconds);
    if (seconds < 9.95) return printed("%.1f s", seconds);
    if (seconds < 99.5) return printed("%.0f s", seconds);
    const auto minutes = static_cast<uint64_t>(std::min(std::round(seconds / 60.0), 1e15));
    if (minutes < 60) return std::to_string(minutes) + " min";
    const uint64_t hours = minutes / 60;
    if (hours >= 48) return std::to_string(hours / 24) + " d " + std::to_string(hours % 24) + " h";
    const std::string rest = std::to_string(minutes % 60);
    return std::to_string(hours) + " h " + (rest.size() < 2 ? "0" : "") + rest + " min";
}

std::string formatSignificant(double value, int numDigits)
{
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
    if (value == 0) return "0";
    const int digits = std::clamp(numDigits, 1, 17);
    const std::string scientific = [&] {
        std::array<char, 64> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "%.*e", digits - 1, value);
        return std::string(buffer.data());
    }();
    const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
    if (exponent < -3 || exponent > 6) return scientific;
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.*f", std::max(0, digits - 1 - exponent), value);
    return buffer.data();
}

std::string joinText(std::span<const std::string> parts, std::string_view separator)
{
    std::string out;
    for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += separator;
        out += parts[i];
    }
    return out;
}

std::string sha256Hex(std::string_view data)
{
    Sha256 hash;
    hash.update(data.data(), data.size());
    return hash.hex();
}

Sha256::Sha256() : m_context(EVP_MD_CTX_new())
{
    ORRERY_ASSERT(m_context != nullptr);
    ORRERY_ASSERT(EVP_DigestInit_ex(static_cast<EVP_MD_CTX *>(m_context), EVP_sha256(), nullptr) == 1);
}

Sha256::Sha256(Sha256 &&other) noexcept : m_context(std::exchange(other.m_context, nullptr)) {}

Sha256 &Sha256::operator=(Sha256 &&other) noexcept
{
    std::swap(m_context, other.m_context);
    return *this;
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX *>(m_context)); }

void Sha256::update(const void *data, size_t numBytes)
{
    ORRERY_ASSERT(EVP_DigestUpdate(static_cast<EVP_MD_CTX *>(m_context), data, numBytes) == 1);
}

std::string Sha256::hex()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    ORRERY_ASSERT(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX *>(m_context), digest.data(), &size) == 1);
    constexpr const char *kDigits = "0123456789abcdef";
    std::string out;
    for (unsigned int i = 0; i < size; ++i) {
        out += kDigits[digest[i] >> 4];
        out += kDigits[digest[i] & 15];
    }
    return out;
}

} // namespace orrery
