// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/generator_path.h"

#include "core/base/text.h"
#include "core/data/corpus_errors.h"

#include <algorithm>
#include <charconv>

namespace orrery {

namespace {

constexpr std::string_view kPrefix = "gen:";
constexpr size_t kMaxPathBytes = 4096;
const std::string kGenerators[] = {"shapes"};

} // namespace

bool isGeneratorPath(std::string_view path) { return path.starts_with(kPrefix); }

Error generatorError(const std::string &name, const std::string &found, const std::string &expected,
                     std::string hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot use \"gen:" + shownText(name) + "\": " + found + ", expected " + expected + ".",
            std::move(hint)};
}

Result<GeneratorPath> parseGeneratorPath(std::string_view text)
{
    if (text.size() > kMaxPathBytes)
        return generatorError("…", "its settings have " + std::to_string(text.size()) + " bytes",
                              "at most " + std::to_string(kMaxPathBytes),
                              "Leave settings at their defaults.");
    if (isGeneratorPath(text)) text.remove_prefix(kPrefix.size());
    const size_t mark = text.find('?');
    GeneratorPath path;
    path.name = text.substr(0, mark);
    if (std::find(std::begin(kGenerators), std::end(kGenerators), path.name) == std::end(kGenerators)) {
        const std::string near = nearestName(path.name, kGenerators);
        return generatorError(path.name, "there is no such generator", joinText(kGenerators, ", "),
                              near.empty() ? "Write gen:shapes." : "Did you mean gen:" + near + "?");
    }
    std::string_view rest = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view setting = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), setting.size() + 1));
        const size_t equals = setting.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return generatorError(path.name, "found \"" + shownText(setting) + "\"", "key=value",
                                  "Join settings with &, for example gen:shapes?n=2000&size=48.");
        std::string key(setting.substr(0, equals));
        for (const auto &[known, value] : path.settings)
            if (known == key)
                return generatorError(path.name, shownText(key) + " is given twice", "each key once",
                                      "Remove one of them.");
        path.settings.emplace_back(std::move(key), setting.substr(equals + 1));
    }
    return path;
}

Result<std::vector<std::pair<std::string, std::string>>> takeSettings(const GeneratorPath &path,
                                                                      std::span<const GeneratorSetting> table)
{
    std::vector<std::pair<std::string, std::string>> others;
    for (const auto &[key, text] : path.settings) {
        const auto known = std::find_if(table.begin(), table.end(),
                                        [&key](const GeneratorSetting &s) { return s.key == key; });
        if (known == table.end()) {
            others.emplace_back(key, text);
            continue;
        }
        int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool isNumber = error == std::errc() && end == text.data() + text.size() && !text.empty();
        if (!isNumber || value < known->least || value > known->most)
            return generatorError(path.name, key + " is \"" + shownText(text) + "\"",
                                  "a whole number from " + std::to_string(known->least) + " to " +
                                      std::to_string(known->most),
                                  "Its default is " + std::to_string(*known->value) + ".");
        *known->value = value;
    }
    return others;
}

Error unknownSetting(const GeneratorPath &path, const std::string &key, std::span<const std::string> known)
{
    const std::string near = nearestName(key, known);
    return generatorError(path.name, "it has no setting \"" + shownText(key) + "\"", joinText(known, ", "),
                          near.empty() ? "Remove it." : "Did you mean " + near + "?");
}

} // namespace orrery
