// SPDX-License-Identifier: Apache-2.0
#include "core/train/hybrid_objective.h"

#include "core/base/counter_rng.h"
#include "core/spec/objective_mix.h"
#include "core/spec/run_records.h"

#include <algorithm>
#include <optional>

namespace orrery {
namespace {

/// What a hole is marked with.
struct Marks {
    int32_t prefix = 0, suffix = 0, middle = 0, end = 0;
};

std::optional<Marks> marksOf(const Tokenizer &tokenizer)
{
    const auto prefix = tokenizer.specialId(SpecialToken::InfillPrefix);
    const auto suffix = tokenizer.specialId(SpecialToken::InfillSuffix);
    const auto middle = tokenizer.specialId(SpecialToken::InfillMiddle);
    const auto end = tokenizer.specialId(SpecialToken::EndOfTurn);
    if (!prefix || !suffix || !middle || !end) return std::nullopt;
    return Marks{*prefix, *suffix, *middle, *end};
}

/// Numbers of one sequence's stream.
enum Draw : uint64_t { kKind, kFirst, kSecond };

class HybridObjective final : public Objective {
public:
    /// Where a sequence with a hole carries loss: training learns from all of its text, a measure is of the
    /// hole.
    enum class HoleLoss : uint8_t { Text, Hole };

    HybridObjective(const ObjectiveShares &shares, int64_t spanMean, HoleLoss holeLoss, const Marks &marks)
        : m_shares(shares), m_spanMean(spanMean), m_holeLoss(holeLoss), m_marks(marks)
    {
    }

    void prepare(const Batch &batch, const ObjectiveKey &key, ModelBatch &out) const override
    {
        nextTokenObjective().prepare(batch, key, out);
        out.maskPolicy = "prefix";
        out.prefixLengths.assign(static_cast<size_t>(batch.numSequences), 0);
        for (int64_t row = 0; row < batch.numSequences; ++row) {
            const CounterRng rng({.seed = key.seed,
                                  .step = key.step,
                                  .sample = key.firstSample + static_cast<uint32_t>(row),
                                  .purpose = RngPurpose::Objective});
            const double kind = rng.uniformDouble(kKind);
            if (kind < m_shares.nextToken) continue;
            if (out.mask_BT.empty()) out.mask_BT.assign(out.ids_BT.size(), 1);
            if (m_shares.infill <= 0 || kind < m_shares.nextToken + m_shares.prefix)
                makePrefix(rng, row, out);
            else
                makeHole(rng, batch, row, out);
        }
    }

    [[nodiscard]] std::vector<Measure> measures() const override
    {
        std::vector<Measure> all;
        const auto add = [&](const char *series, const ObjectiveShares &shares) {
            all.push_back({series, std::make_unique<HybridObjective>(shares, m_spanMean, HoleLoss::Hole, m_marks)});
        };
        if (m_shares.prefix > 0) add(series::kValLossPrefix, {0, 1, 0});
        if (m_shares.infill > 0) add(series::kValLossInfill, {0, 0, 1});
        return all;
    }

private:
    /// 1 … T/2 tokens see one another; the last of them tells the first one that counts. Longer prefixes
    /// would leave little to learn from.
    static void makePrefix(const CounterRng &rng, int64_t row, ModelBatch &out)
    {
        const auto longest = static_cast<uint64_t>((out.context + 1) / 2);
        const auto length = 1 + static_cast<int64_t>(rng.below(kFirst, longest));
        out.prefixLengths[static_cast<size_t>(row)] = length;
        std::fill_n(out.mask_BT.begin() + row * out.context, length - 1, uint8_t(0));
    }

    // The window's first token goes, because the batch tells nothing about its loss; with the four marks the
    // rest fills the window again exactly.
    void makeHole(const CounterRng &rng, const Batch &batch, int64_t row, ModelBatch &out) const
    {
        const int64_t context = out.context, numText = infillTextTokens(context);
        const int32_t *text = batch.tokens_BT1.data() + row * (context + 1) + 1;
        const auto drawBelow = [&](Draw draw, int64_t bound) {
            return static_cast<int64_t>(rng.below(draw, static_cast<uint64_t>(bound)));
        };
        const int64_t length = 1 + drawBelow(kFirst, longestSpan(m_spanMean));
        const int64_t begin = drawBelow(kSecond, numText - length + 1);
        const int64_t end = begin + length;

        std::vector<int32_t> tokens;
        std::vector<uint8_t> counts; // by token: whether telling it carries loss
        tokens.reserve(static_cast<size_t>(context + 1));
        counts.reserve(static_cast<size_t>(context + 1));
        const auto addMark = [&](int32_t mark, uint8_t isCounted) {
            tokens.push_back(mark);
            counts.push_back(isCounted);
        };
        const uint8_t *masks = batch.mask_BT.empty() ? nullptr : batch.mask_BT.data() + row * context;
        const auto addText = [&](int64_t from, int64_t to, bool isCounted) {
            tokens.insert(tokens.end(), text + from, text + to);
            for (int64_t i = from; i < to; ++i) counts.push_back(!isCounted ? 0 : masks ? masks[i] : 1);
        };
        const bool countsSides = m_holeLoss == HoleLoss::Text;
        addMark(m_marks.prefix, 0);
        addMark(m_marks.suffix, 0);
        addText(end, numText, countsSides);
        addMark(m_marks.middle, 0);
        addText(0, begin, countsSides);
        addText(begin, end, true);
        addMark(m_marks.end, counts.back()); // who tells the last token tells where it ends

        std::copy_n(tokens.begin(), context, out.ids_BT.begin() + row * context);
        std::copy_n(tokens.begin() + 1, context, out.targets_BT.begin() + row * context);
        std::copy_n(counts.begin() + 1, context, out.mask_BT.begin() + row * context);
    }

    ObjectiveShares m_shares;
    int64_t m_spanMean = 1;
    HoleLoss m_holeLoss = HoleLoss::Text;
    Marks m_marks;
};

Error cannotFill(const std::string &found, const std::string &expected, const std::string &hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot train with holes to fill: " + found + ", expected " + expected + ".", hint};
}

} // namespace

Result<std::unique_ptr<Objective>> makeHybridObjective(const RunSpec &spec, const Tokenizer &tokenizer)
{
    const ObjectiveShares shares = objectiveShares(spec.objective);
    const int64_t spanMean = meanSpan(spec.objective, spec.model.context);
    const auto marks = marksOf(tokenizer);
    if (shares.infill > 0 && !marks)
        return cannotFill(spec.data.specialTokens == "default"
                              ? "the tokenizer has no marks of a hole"
                              : "data.special_tokens is " + spec.data.specialTokens,
                          "default, for the marks of a hole",
                          "Set data.special_tokens to default, or the third weight of objective.mix to 0.");
    if (shares.infill > 0 &&
        (spec.model.context < kMinInfillContext || spanMean > largestMeanSpan(spec.model.context)))
        return cannotFill("the mean hole is " + std::to_string(spanMean) + " tokens in a context of " +
                              std::to_string(spec.model.context),
                          "room for the longest hole and its marks",
                          "Set objective.span_mean to 0, or a longer model.context.");
    return std::unique_ptr<Objective>(
        std::make_unique<HybridObjective>(
        shares, spanMean, HybridObjective::HoleLoss::Text, marks.value_or(Marks{})));
}

} // namespace orrery
