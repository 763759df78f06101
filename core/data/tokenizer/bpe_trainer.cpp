// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/bpe_trainer.h"

#include "core/data/tokenizer.h"
#include "core/data/tokenizer/bpe_model.h"
#include "core/data/tokenizer/special_names.h"
#include "core/data/tokenizer/unicode.h"
#include "core/data/tokenizer/word_counts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <queue>

namespace orrery::tok {

const char *const kTrainedPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{M}\p{N}]?[\p{L}\p{M}]+|\p{N}{1,3}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

namespace {

constexpr int32_t kNumBytes = 256;
constexpr double kShareOfCounting = 0.5; ///< of the progress that is shown

/// Pairs of neighbours in the different words, with their counts kept up to date.
class PairCounts {
public:
    explicit PairCounts(const WordCounts &counts)
    {
        m_words.reserve(counts.words.size());
        for (const auto &[text, count] : counts.words) {
            Word word;
            word.count = static_cast<int64_t>(count);
            word.ids.reserve(text.size());
            for (const char c : text) word.ids.push_back(static_cast<uint8_t>(c));
            m_words.push_back(std::move(word));
        }
        for (size_t w = 0; w < m_words.size(); ++w) {
            const Word &word = m_words[w];
            for (size_t i = 0; i + 1 < word.ids.size(); ++i) add(word.ids[i], word.ids[i + 1], word.count, w);
        }
        for (const auto &[pair, place] : m_pairs) push(pair, place.count);
    }

    struct Best {
        int32_t left = 0;
        int32_t right = 0;
        int64_t count = 0;
    };
    /// The commonest pair that stands there twice or more.
    std::optional<Best> best()
    {
        while (!m_queue.empty()) {
            const Candidate top = m_queue.top();
            m_queue.pop();
            const int64_t count = m_pairs[top.pair].count;
            if (count == top.count && count > 1)
                return Best{static_cast<int32_t>(top.pair >> 32), static_cast<int32_t>(top.pair & 0xFFFFFFFF),
                            count};
            // Its count fell since: it comes again in its new place.
            if (count > 1 && count < top.count) push(top.pair, count);
        }
        return std::nullopt;
    }

    void join(int32_t left, int32_t right, int32_t made)
    {
        const uint64_t joined = pairKey(left, right);
        Place place = std::move(m_pairs[joined]);
        m_pairs.erase(joined);
        std::sort(place.words.begin(), place.words.end());
        place.words.erase(std::unique(place.words.begin(), place.words.end()), place.words.end());
        m_grown.clear();
        for (const uint32_t w : place.words) joinInWord(m_words[w], w, left, right, made);
        m_pairs.erase(joined); // what the joining took away from it
        std::sort(m_grown.begin(), m_grown.end());
        m_grown.erase(std::unique(m_grown.begin(), m_grown.end()), m_grown.end());
        for (const uint64_t pair : m_grown) push(pair, m_pairs[pair].count);
    }

private:
    struct Word {
        std::vector<int32_t> ids;
        int64_t count = 0;
    };
    struct Place {
        int64_t count = 0;
        std::vector<uint32_t> words; ///< where it stands or stood; one may be there more than once
    };
    struct Candidate {
        int64_t count = 0;
        uint64_t pair = 0;
        bool operator<(const Candidate &other) const
        {
            return count != other.count ? count < other.count : pair > other.pair;
        }
    };

    void push(uint64_t pair, int64_t count)
    {
        if (count > 1) m_queue.push({count, pair});
    }

    void add(int32_t left, int32_t right, int64_t count, size_t word)
    {
        Place &place = m_pairs[pairKey(left, right)];
        place.count += count;
        if (place.words.empty() || place.words.back() != word)
            place.words.push_back(static_cast<uint32_t>(word));
    }

    void joinInWord(Word &word, uint32_t index, int32_t left, int32_t right, int32_t made)
    {
        std::vector<int32_t> &ids = word.ids;
        size_t to = 0;
        for (size_t from = 0; from < ids.size();) {
            if (from + 1 >= ids.size() || ids[from] != left || ids[from + 1] != right) {
                ids[to++] = ids[from++];
                continue;
            }
            // The neighbour before was joined already where it could be; the one behind is still as it was.
            if (to > 0) {
                m_pairs[pairKey(ids[to - 1], left)].count -= word.count;
                grow(ids[to - 1], made, word.count, index);
            }
            if (from + 2 < ids.size()) {
                m_pairs[pairKey(right, ids[from + 2])].count -= word.count;
                grow(made, ids[from + 2], word.count, index);
            }
            ids[to++] = made;
            from += 2;
        }
        ids.resize(to);
    }

    void grow(int32_t left, int32_t right, int64_t count, uint32_t word)
    {
        add(left, right, count, word);
        m_grown.push_back(pairKey(left, right));
    }

    std::vector<Word> m_words;
    std::unordered_map<uint64_t, Place> m_pairs;
    std::priority_queue<Candidate> m_queue;
    std::vector<uint64_t> m_grown;
};

nlohmann::ordered_json preTokenizerJson()
{
    return {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Split"},
               {"pattern", {{"Regex", kTrainedPattern}}},
               {"behavior", "Isolated"},
               {"invert", false}},
              {{"type", "ByteLevel"},
               {"add_prefix_space", false},
               {"trim_offsets", true},
               {"use_regex", false}}}}};
}

std::string toJson(const std::vector<std::string> &tokens,
                   const std::vector<std::pair<int32_t, int32_t>> &merges, bool hasSpecials)
{
    using Json = nlohmann::ordered_json;
    Json root = {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}};
    Json added = Json::array();
    const auto numPlain = static_cast<int32_t>(tokens.size());
    for (int32_t i = 0; hasSpecials && i < kNumByteSpecials; ++i)
        added.push_back({{"id", numPlain + i},
                         {"content", ownSpecialName(i)},
                         {"single_word", false},
                         {"lstrip", false},
                         {"rstrip", false},
                         {"normalized", false},
                         {"special", true}});
    root["added_tokens"] = std::move(added);
    root["normalizer"] = nullptr;
    root["pre_tokenizer"] = preTokenizerJson();
    root["post_processor"] = nullptr;
    root["decoder"] = {
        {"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
    Json vocabulary = Json::object();
    auto &items = vocabulary.get_ref<Json::object_t &>();
    items.reserve(tokens.size());
    for (size_t id = 0; id < tokens.size(); ++id) items.emplace_back(lettersOfBytes(tokens[id]), id);
    Json pairs = Json::array();
    for (const auto &[left, right] : merges)
        pairs.push_back(lettersOfBytes(tokens[static_cast<size_t>(left)]) + " " +
                        lettersOfBytes(tokens[static_cast<size_t>(right)]));
    root["model"] = {{"type", "BPE"},
                     {"dropout", nullptr},
                     {"unk_token", nullptr},
                     {"continuing_subword_prefix", nullptr},
                     {"end_of_word_suffix", nullptr},
                     {"fuse_unk", false},
                     {"byte_fallback", false},
                     {"ignore_merges", false},
                     {"vocab", std::move(vocabulary)},
                     {"merges", std::move(pairs)}};
    return root.dump(1) + "\n";
}

} // namespace

size_t safeCut(std::string_view text)
{
    for (size_t at = text.size(); at > 1; --at) {
        if (text[at - 2] != '\n') continue;
        const size_t length = sequenceLength(text, at - 1);
        // A character that is cut off here might be white space.
        if (length == 0 && static_cast<uint8_t>(text[at - 1]) >= 0xC2) continue;
        if (length == 0 || !isWhiteSpace(codePointAt(text, at - 1, length))) return at - 1;
    }
    return 0;
}

Result<TrainedBpe> trainBpe(const BpeTraining &training)
{
    const int64_t numFixed = kNumBytes + (training.hasSpecials ? kNumByteSpecials : 0);
    if (training.vocabSize < numFixed || training.vocabSize > static_cast<int64_t>(kMaxVocabulary))
        return Error{ErrorCode::InvalidInput,
                     "Cannot train a tokenizer: data.vocab_size is " + std::to_string(training.vocabSize) +
                         ", expected " + std::to_string(numFixed) + " to " + std::to_string(kMaxVocabulary) +
                         ", or 0 for " + std::to_string(kDefaultBpeVocabulary) + ".",
                     "Set data.vocab_size, for example to 8192."};
    const auto tell = [&](double share) {
        if (training.progress) training.progress(std::min(share, 1.0));
    };
    ORRERY_ASSIGN(const PreTokenizer preTokenizer,
                  PreTokenizer::fromJson(nlohmann::json(preTokenizerJson()), "bpe"));
    ORRERY_ASSIGN(const WordCounts counts, countWords(training, preTokenizer, {}));
    tell(kShareOfCounting);
    PairCounts pairs(counts);

    std::vector<std::string> tokens;
    for (int byte = 0; byte < kNumBytes; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
    std::vector<std::pair<int32_t, int32_t>> merges;
    const auto numWanted = static_cast<size_t>(training.vocabSize - numFixed);
    while (merges.size() < numWanted) {
        if (training.cancel && training.cancel->load(std::memory_order_relaxed)) return trainingCancelled();
        const auto best = pairs.best();
        if (!best) break;
        const auto made = static_cast<int32_t>(tokens.size());
        tokens.push_back(tokens[static_cast<size_t>(best->left)] + tokens[static_cast<size_t>(best->right)]);
        merges.emplace_back(best->left, best->right);
        pairs.join(best->left, best->right, made);
        tell(kShareOfCounting +
             (1 - kShareOfCounting) * static_cast<double>(merges.size()) / static_cast<double>(numWanted));
    }
    tell(1);
    TrainedBpe trained;
    trained.json = toJson(tokens, merges, training.hasSpecials);
    trained.numMerges = std::ssize(merges);
    trained.vocabSize = std::ssize(tokens) + (training.hasSpecials ? kNumByteSpecials : 0);
    trained.numBytes = counts.numBytes;
    trained.numWords = counts.words.size();
    return trained;
}

} // namespace orrery::tok
