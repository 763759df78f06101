// SPDX-License-Identifier: Apache-2.0
#include "core/data/tokenizer/word_counts.h"

#include "core/data/tokenizer/unicode.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

namespace orrery::tok {

namespace {

constexpr int kMaxThreads = 16;
/// Longer ones (a line of base64) teach nothing and cost much.
constexpr size_t kMaxWordBytes = 512;

struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Counts = std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>>;

/// What the threads share; all under the mutex.
struct Shared {
    std::mutex mutex;
    bool isDone = false;
    std::optional<Error> error;
    uint64_t numBytes = 0;
};

Result<void> countPiece(std::string_view text, const PreTokenizer &preTokenizer,
                        PreTokenizer::Scratch &scratch, Counts &counts)
{
    Words words;
    for (size_t at = 0; at < text.size();) {
        const size_t end = validEnd(text, at);
        if (end > at) {
            words.views.assign(1, text.substr(at, end - at));
            words.made.clear();
            ORRERY_TRY(preTokenizer.cut(words, false, scratch));
            for (const std::string_view word : words.views) {
                if (word.size() < 2 || word.size() > kMaxWordBytes) continue;
                if (const auto found = counts.find(word); found != counts.end())
                    ++found->second;
                else
                    counts.emplace(word, 1);
            }
        }
        at = end + 1; // a broken byte is a word of its own, in which nothing can be joined
    }
    return {};
}

void work(const BpeTraining &training, const PreTokenizer &preTokenizer,
          const std::function<void(uint64_t)> &report, Shared &shared, Counts &counts)
{
    PreTokenizer::Scratch scratch(preTokenizer);
    while (true) {
        std::string piece;
        {
            const std::scoped_lock lock(shared.mutex);
            if (shared.isDone) return;
            if (training.cancel && training.cancel->load(std::memory_order_relaxed)) {
                shared.isDone = true;
                shared.error = trainingCancelled();
                return;
            }
            auto next = training.next();
            if (!next) shared.error = next.error();
            if (!next || next->empty()) {
                shared.isDone = true;
                return;
            }
            piece = std::move(*next);
            shared.numBytes += piece.size();
            if (report) report(shared.numBytes);
        }
        if (auto counted = countPiece(piece, preTokenizer, scratch, counts); !counted) {
            const std::scoped_lock lock(shared.mutex);
            shared.isDone = true;
            shared.error = counted.error();
            return;
        }
    }
}

} // namespace

Error trainingCancelled()
{
    return Error{ErrorCode::Cancelled, "Cannot finish training the tokenizer: it was stopped.",
                 "Start it again."};
}

Result<WordCounts> countWords(const BpeTraining &training, const PreTokenizer &preTokenizer,
                              const std::function<void(uint64_t)> &report)
{
    Shared shared;
    std::vector<Counts> counts(static_cast<size_t>(std::clamp(training.threads, 1, kMaxThreads)));
    {
        std::vector<std::jthread> threads;
        for (size_t i = 1; i < counts.size(); ++i)
            threads.emplace_back([&, i] { work(training, preTokenizer, report, shared, counts[i]); });
        work(training, preTokenizer, report, shared, counts[0]);
    }
    if (shared.error) return *shared.error;
    Counts &all = counts[0];
    for (size_t i = 1; i < counts.size(); ++i)
        for (const auto &[word, count] : counts[i]) all[word] += count;
    WordCounts made;
    made.numBytes = shared.numBytes;
    made.words.reserve(all.size());
    while (!all.empty()) {
        auto node = all.extract(all.begin());
        made.words.emplace_back(std::move(node.key()), node.mapped());
    }
    std::sort(made.words.begin(), made.words.end());
    return made;
}

} // namespace orrery::tok
