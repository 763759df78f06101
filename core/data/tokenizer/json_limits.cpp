// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/json_limits.h"

#include "core/data/tokenizer/bpe_model.h"
#include "core/data/tokenizer/tokenizer_error.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace orrery::tok {

namespace {

constexpr size_t kMaxDepth = 32;
/// In all lists and objects together. The largest vocabulary with the most merges, as pairs, has 7.1 millions.
constexpr size_t kMaxValues = 8'000'000;
constexpr const char *kOther = "Use another tokenizer, or train one with data.tokenizer=bpe.";

/// Counts without keeping anything; gives up at the first limit that is passed.
class Counter final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit Counter(std::string name) : m_name(std::move(name)) {}

    std::optional<Error> error;

    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(number_integer_t) override { return value(); }
    bool number_unsigned(number_unsigned_t) override { return value(); }
    bool number_float(number_float_t, const string_t &) override { return value(); }
    bool string(string_t &) override { return value(); }
    bool binary(binary_t &) override { return value(); }
    bool start_object(std::size_t) override { return open(kMaxVocabulary); }
    bool start_array(std::size_t) override { return open(kMaxMerges); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t &key) override
    {
        Level &level = m_levels.back();
        if (m_levels.size() <= 4) level.key = key;
        return true;
    }

    bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override
    {
        return refuse("it is no JSON at byte " + std::to_string(position), "JSON",
                      "Restore the file; it may have been cut off.");
    }

private:
    struct Level {
        size_t count = 0;
        size_t limit = 0;
        std::string key;
    };

    bool refuse(const std::string &found, const std::string &expected, const std::string &hint)
    {
        error = tokenizerError(m_name, found, expected, hint);
        return false;
    }

    std::string place() const
    {
        std::string path;
        for (size_t i = 0; i + 1 < m_levels.size(); ++i)
            if (!m_levels[i].key.empty()) path += (path.empty() ? "" : ".") + m_levels[i].key;
        return path.empty() ? "it" : "its " + path;
    }

    bool value()
    {
        if (++m_numValues > kMaxValues)
            return refuse("it has more than " + std::to_string(kMaxValues) + " values", "that many at most",
                          kOther);
        if (m_levels.empty()) return true;
        Level &level = m_levels.back();
        if (++level.count <= level.limit) return true;
        return refuse(place() + " has more than " + std::to_string(level.limit) + " entries",
                      "that many at most", kOther);
    }

    bool open(size_t limit)
    {
        if (!value()) return false;
        if (m_levels.size() >= kMaxDepth)
            return refuse("it has more than " + std::to_string(kMaxDepth) + " levels", "that many at most",
                          kOther);
        m_levels.push_back({0, limit, {}});
        return true;
    }

    bool close()
    {
        m_levels.pop_back();
        return true;
    }

    std::string m_name;
    std::vector<Level> m_levels;
    size_t m_numValues = 0;
};

} // namespace

Result<nlohmann::json> parseWithinLimits(const std::string &text, const std::string &name)
{
    if (text.size() > kMaxTokenizerBytes)
        return tokenizerError(name, "it has " + std::to_string(text.size()) + " bytes",
                              "at most " + std::to_string(kMaxTokenizerBytes), kOther);
    Counter counter(name);
    if (!nlohmann::json::sax_parse(text, &counter) && counter.error) return *counter.error;
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object())
        return tokenizerError(name, "it is no JSON object", "a tokenizer.json",
                              "Use a tokenizer.json as the library tokenizers writes it.");
    return json;
}

} // namespace orrery::tok
