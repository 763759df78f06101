// SPDX-License-Identifier: Apache-2.0
#include "core/spec/breakpoint.h"

#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

namespace orrery {

namespace {

constexpr std::array<const char *, 5> kSigns = {"?", "<", "<=", ">", ">="};
constexpr const char *kAnyEntropy = "entropy";
constexpr const char *kAnyMemory = "memory";
constexpr std::array<std::string_view, 2> kOpenPrefixes = {"part/", "probe/"};
constexpr size_t kMaxShown = 80;
constexpr size_t kMaxSeriesBytes = 128;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n";
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Error unreadable(std::string_view text, const std::string &found)
{
    return Error{ErrorCode::InvalidInput,
                 "Cannot use the breakpoint \"" + sanitizeUtf8(text.substr(0, kMaxShown)) + "\": " + found +
                     ", expected SERIES OP NUMBER with one of < <= > >=.",
                 "For example: loss > 4"};
}

/// UTF-8 without control characters.
bool isPrintable(std::string_view text)
{
    return isValidUtf8(std::string(text)) && std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

} // namespace

const char *comparisonSign(Comparison comparison)
{
    const auto index = static_cast<size_t>(comparison);
    return index < kSigns.size() ? kSigns[index] : kSigns[0];
}

bool Breakpoint::covers(std::string_view name) const
{
    if (name == series) return true;
    if (series == kAnyEntropy) return name.starts_with("head/") && name.ends_with("/entropy");
    if (series == kAnyMemory) return name.starts_with("part/") && name.ends_with("occupancy");
    return false;
}

bool Breakpoint::holdsFor(double value) const
{
    switch (comparison) {
    case Comparison::Less:
        return value < threshold;
    case Comparison::LessOrEqual:
        return value <= threshold;
    case Comparison::Greater:
        return value > threshold;
    case Comparison::GreaterOrEqual:
        return value >= threshold;
    case Comparison::Unknown:
        break;
    }
    return false;
}

Result<Breakpoint> parseBreakpoint(std::string_view text)
{
    const std::string_view whole = trimmed(text);
    if (whole.empty()) return unreadable(text, "it is empty");
    const size_t sign = whole.find_first_of("<>=!");
    if (sign == std::string_view::npos) return unreadable(text, "there is no comparison in it");
    size_t end = sign;
    while (end < whole.size() && std::string_view("<>=!").find(whole[end]) != std::string_view::npos) ++end;
    const std::string_view series = trimmed(whole.substr(0, sign));
    const std::string_view comparison = whole.substr(sign, end - sign);
    const std::string_view number = trimmed(whole.substr(end));
    if (series.empty())
        return unreadable(text, "no series stands before \"" + std::string(comparison) + "\"");
    if (series.find_first_of(" \t\r\n\"") != std::string_view::npos)
        return unreadable(text, "\"" + sanitizeUtf8(series.substr(0, kMaxShown)) + "\" is not one name");
    if (series.size() > kMaxSeriesBytes || !isPrintable(series))
        return unreadable(text, "the name of the series is longer than " + std::to_string(kMaxSeriesBytes) +
                                    " bytes or has signs that cannot be printed");
    Breakpoint breakpoint{.series = std::string(series)};
    for (size_t i = 1; i < kSigns.size(); ++i)
        if (comparison == kSigns[i]) breakpoint.comparison = static_cast<Comparison>(i);
    if (breakpoint.comparison == Comparison::Unknown)
        return unreadable(text, "the comparison is \"" + std::string(comparison.substr(0, kMaxShown)) + "\"");
    const char *last = number.data() + number.size();
    const auto [stop, problem] = std::from_chars(number.data(), last, breakpoint.threshold);
    if (problem != std::errc() || stop != last || !std::isfinite(breakpoint.threshold))
        return unreadable(text, number.empty()
                                    ? std::string("no number stands behind the comparison")
                                    : "the number is \"" + sanitizeUtf8(number.substr(0, kMaxShown)) + "\"");
    return breakpoint;
}

std::string breakpointText(const Breakpoint &breakpoint)
{
    char number[64];
    const auto [end, problem] = std::to_chars(number, number + sizeof number, breakpoint.threshold);
    return breakpoint.series + " " + comparisonSign(breakpoint.comparison) + " " +
           (problem == std::errc() ? std::string(number, end) : std::string("?"));
}

Result<void> checkBreakpointSeries(const Breakpoint &breakpoint, std::span<const std::string> known)
{
    const std::string &name = breakpoint.series;
    if (name == kAnyEntropy || name == kAnyMemory ||
        std::find(known.begin(), known.end(), name) != known.end())
        return {};
    for (const std::string_view prefix : kOpenPrefixes)
        if (name.starts_with(prefix) && name.size() > prefix.size()) return {};
    std::vector<std::string> names(known.begin(), known.end());
    names.insert(names.end(), {kAnyEntropy, kAnyMemory});
    const std::string shown = name.substr(0, kMaxShown);
    const std::string near = nearestName(shown, names);
    // Each head has its series: named as a whole they say more than a list of all.
    std::erase_if(names, [](const std::string &other) { return other.starts_with("head/"); });
    return Error{ErrorCode::InvalidInput,
                 "Cannot use the breakpoint \"" +
                     sanitizeUtf8(breakpointText(breakpoint).substr(0, 2 * kMaxShown)) +
                     "\": the run has no series \"" + sanitizeUtf8(shown) + "\", expected one of " +
                     joinText(names, ", ") + ", head/LAYER.HEAD/…, part/… or probe/….",
                 near.empty() ? "For example: loss > 4" : "Did you mean \"" + near + "\"?"};
}

} // namespace orrery
