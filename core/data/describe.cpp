// SPDX-License-Identifier: Apache-2.0
#include "core/data/describe.h"

#include "core/base/text.h"
#include "core/data/description_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace {

constexpr uint64_t kSmallTokens = 100'000;
constexpr size_t kShownSkipped = 10;

/// For showing: no escape sequence of a file reaches a terminal.
std::string sanitized(std::string_view text)
{
    std::string shown = sanitizeUtf8(text);
    std::erase(shown, '\r');
    for (char &c : shown)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) c = '?';
    return shown;
}

std::string oneLine(std::string_view text)
{
    std::string shown = sanitized(text);
    std::replace(shown.begin(), shown.end(), '\n', ' ');
    return shown;
}

struct LengthBucket {
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t numDocuments = 0;
};

std::vector<LengthBucket> lengthBuckets(const CorpusDescription &description)
{
    std::vector<LengthBucket> buckets;
    for (size_t i = 0; i < description.lengthHistogram.size() && i < 63; ++i)
        if (description.lengthHistogram[i] > 0)
            buckets.push_back({i == 0 ? 0 : 1ull << i, (2ull << i) - 1, description.lengthHistogram[i]});
    return buckets;
}

std::string counted(uint64_t count, const char *one, const char *many)
{
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

} // namespace

std::vector<DataCheck> checkData(const CorpusDescription &description)
{
    std::vector<DataCheck> checks;
    const uint64_t broken = description.numInvalidUtf8Files;
    if (description.numTokens > 0 || broken > 0)
        checks.push_back({"utf8", broken == 0,
                          broken == 0 ? "All files are valid UTF-8."
                                      : counted(broken, "file is", "files are") +
                                            " not valid UTF-8; their bytes are used as they stand."});
    checks.push_back({"skipped", description.numSkipped == 0,
                      description.numSkipped == 0
                          ? "No file was skipped."
                          : counted(description.numSkipped, "entry was", "entries were") + " skipped."});
    if (!description.unreadMedia.empty())
        checks.push_back({"media", false,
                          "The first record has \"" + oneLine(description.unreadMedia) +
                              "\" beside its text, and only the text is read. To train on both, write parts: "
                              R"({"parts": [{"image": "a.png"}, {"text": "…"}]}.)"});
    if (description.numTokens == 0) return checks;
    if (!description.carriesLoss)
        checks.push_back({"loss", false, "No token of the training text carries loss: there is nothing to learn."});
    const uint64_t used = description.numTrainTokens + description.numValTokens;
    const double share =
        used == 0 ? 0 : 100.0 * static_cast<double>(description.numValTokens) / static_cast<double>(used);
    checks.push_back({"split", description.numTrainTokens > 0 && description.numValTokens > 0,
                      "Validation is " + formatSignificant(share, 3) + " % of the tokens used."});
    const bool isLarge = description.numTrainTokens >= kSmallTokens;
    checks.push_back(
        {"size", isLarge,
         isLarge ? "There is enough text for a first training."
                 : "There are fewer than 100,000 training tokens: a model will learn them by heart."});
    return checks;
}

std::string describeDataJson(const CorpusDescription &description, int64_t vocabSize)
{
    nlohmann::ordered_json root;
    descriptionToJson(description, root);
    if (vocabSize > 0) root["vocab_size"] = vocabSize;
    root["length_histogram"] = nlohmann::ordered_json::array();
    for (const LengthBucket &bucket : lengthBuckets(description))
        root["length_histogram"].push_back(
            {{"from", bucket.from}, {"to", bucket.to}, {"documents", bucket.numDocuments}});
    for (auto &problem : root["skipped"]) problem["path"] = oneLine(problem["path"].get<std::string>());
    root["preview"] = sanitized(description.firstText);
    root["checks"] = nlohmann::ordered_json::array();
    for (const DataCheck &check : checkData(description))
        root["checks"].push_back({{"name", check.name}, {"ok", check.isFine}, {"text", check.text}});
    return root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string describeDataText(const CorpusDescription &description)
{
    std::string out = std::string("format      ") + corpusFormatName(description.format) + "\n";
    auto line = [&out](const char *name, const std::string &value) { out += name + value + "\n"; };
    line("files       ", std::to_string(description.numFiles) + ", " + formatBytes(description.numBytes));
    if (description.numDocuments > 0) line("documents   ", std::to_string(description.numDocuments));
    if (description.numTokens > 0) {
        line("tokens      ", std::to_string(description.numTokens));
        line("training    ", std::to_string(description.numTrainTokens));
        line("validation  ", std::to_string(description.numValTokens));
    }
    const std::vector<LengthBucket> buckets = lengthBuckets(description);
    if (!buckets.empty()) {
        out += "lengths of documents in tokens\n";
        uint64_t most = 1;
        for (const LengthBucket &bucket : buckets) most = std::max(most, bucket.numDocuments);
        for (const LengthBucket &bucket : buckets) {
            std::string range = std::to_string(bucket.from) + " - " + std::to_string(bucket.to);
            range.resize(std::max<size_t>(range.size(), 24), ' ');
            const auto width = static_cast<size_t>(40.0 * static_cast<double>(bucket.numDocuments) /
                                                   static_cast<double>(most));
            out += "  " + range + std::string(std::max<size_t>(width, 1), '#') + " " +
                   std::to_string(bucket.numDocuments) + "\n";
        }
    }
    for (size_t i = 0; i < description.skipped.size() && i < kShownSkipped; ++i)
        out += "skipped     " + oneLine(description.skipped[i].path) + ": " + description.skipped[i].reason +
               "\n";
    if (description.numSkipped > kShownSkipped)
        out += "            and " + std::to_string(description.numSkipped - kShownSkipped) + " more\n";
    for (const DataCheck &check : checkData(description))
        out += (check.isFine ? "ok          " : "look        ") + check.text + "\n";
    std::string preview = sanitized(description.firstText);
    while (!preview.empty() && preview.back() == '\n') preview.pop_back();
    out += "begins with\n  ";
    for (char c : preview) out += c == '\n' ? std::string("\n  ") : std::string(1, c);
    return out + "\n";
}

} // namespace orrery
