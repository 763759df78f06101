// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/inspect.h"

#include "core/base/platform.h"
#include "core/inspect/inspect_checks.h"
#include "core/inspect/inspect_pass.h"
#include "core/inspect/memory_edits.h"
#include "core/inspect/modality_flows.h"
#include "core/inspect/next_token.h"
#include "core/nn/torch_guard.h"

#include <c10/core/InferenceMode.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <array>

namespace orrery {
namespace {

/// Gradient × input for the log-probability of one token behind another, summed over the width.
std::vector<float> attributionOf(const at::Tensor &logits_V, int64_t id, const at::Tensor &embedded_BTC)
{
    const at::Tensor logP = at::log_softmax(logits_V, -1)[id];
    const at::Tensor gradient_BTC = torch::autograd::grad({logP}, {embedded_BTC}).front();
    const at::NoGradGuard noGradients;
    const at::Tensor share_T = (gradient_BTC * embedded_BTC).sum(-1)[0].to(at::kCPU, at::kFloat).contiguous();
    return {share_T.const_data_ptr<float>(), share_T.const_data_ptr<float>() + share_T.numel()};
}

class Look {
public:
    Look(nn::Transformer &model, const Tokenizer &tokenizer, const InspectInput &input,
         const InspectRequest &request, const CheckedRequest &checked, at::ScalarType dtype,
         const std::function<bool()> &isCancelled, const TellReading &tell)
        : m_model(model), m_tokenizer(tokenizer), m_request(request), m_checked(checked),
          m_isCancelled(isCancelled), m_tell(tell), m_input(input), m_pass(model, input, dtype, isCancelled)
    {
        m_report.layers = model.spec().layers;
        m_report.heads = model.spec().heads;
        m_report.tokens = input.tokens;
        m_report.token = checked.token;
    }

    Result<InspectReport> run()
    {
        const double start = monotonicSeconds();
        ORRERY_TRY(lookAtPass());
        if (hasChangedPass()) ORRERY_TRY(lookAtChangedPass());
        m_report.seconds = monotonicSeconds() - start;
        return std::move(m_report);
    }

private:
    [[nodiscard]] int64_t numAlternatives() const { return m_request.input.sampling.numAlternatives; }
    [[nodiscard]] bool hasChangedPass() const
    {
        return !m_request.ablated.empty() || !m_request.memoryEdits.empty();
    }
    [[nodiscard]] bool isFromState() const { return static_cast<bool>(m_input.stateBefore); }

    /// Passes: the one that is looked at, the way back through it, the changed one.
    [[nodiscard]] int64_t numPasses() const
    {
        return 1 + (m_request.wantsAttribution ? 1 : 0) + (hasChangedPass() ? 1 : 0);
    }
    [[nodiscard]] std::function<void(int64_t)> layerTeller(int64_t pass) const
    {
        if (!m_tell || m_pass.numPasses() > 1) return {}; // of many small ones their number says more
        return [this, pass](int64_t layer) {
            m_tell({.layer = layer + 1, .layers = m_model.spec().layers, .pass = pass, .passes = numPasses()});
        };
    }

    /// What was said behind the token that is asked about; where nothing was, or no text, what is likeliest.
    [[nodiscard]] int64_t explainedId() const
    {
        const auto next = static_cast<size_t>(m_checked.token) + 1;
        if (next == m_input.ids.size() && m_input.said >= 0) return m_input.said;
        const bool isText = next < m_input.ids.size() && m_input.tokens[next].modality == Modality::Text;
        return isText ? m_input.ids[next] : m_next.likeliestId();
    }

    [[nodiscard]] WatchPlan watchPlan() const
    {
        WatchPlan plan = m_pass.plan();
        if (m_request.wantsOverview) {
            const int64_t begin = m_input.numRead; // what a state has of the text looked before
            plan.whole = {allHeads(m_model.spec()), shapeOf(begin, plan.numTokens - begin, 0, plan.numTokens, m_request.overviewEdge)};
        }
        plan.chosen = {m_request.heads, m_checked.map};
        plan.readsOf = m_checked.token;
        plan.wantsUses = m_request.wantsUses;
        plan.onLayer = layerTeller(1);
        return plan;
    }

    /// Of the pass with the token that is asked about, on its way to the host.
    struct Seen {
        at::Tensor logits_V, saidOnHost_V, embedded_BTC;
        std::vector<at::Tensor> surprise, lens;
    };
    void readPass(size_t number, AttentionWatch &watch, nn::KvCache *cache, HostCopies &copies, Seen &seen)
    {
        const TokenRange tokens = m_pass.tokensOf(number);
        const size_t numPasses = m_pass.numPasses();
        if (numPasses > 1 && m_tell)
            m_tell({.pass = static_cast<int64_t>(number) + 1, .passes = static_cast<int64_t>(numPasses)});
        watch.beginPass(tokens.begin, number + 1 == numPasses);
        const bool isOfToken = m_checked.token >= tokens.begin && m_checked.token < tokens.end;
        const int64_t token = m_checked.token - tokens.begin;
        StreamKeeper keeper(token);
        const std::array<nn::Probe *, 1> all = {&keeper};
        const auto probes = m_request.wantsLens && isOfToken ? std::span<nn::Probe *const>(all) : std::span<nn::Probe *const>();
        if (isFromState()) {
            const at::Tensor logits_BTV = m_pass.readOn(number, watch, *cache, probes);
            if (!isOfToken) return;
            seen.logits_V = logits_BTV[0][token];
        } else {
            const at::Tensor hidden_BTC =
                m_pass.run(watch, cache, probes, m_request.wantsAttribution ? &seen.embedded_BTC : nullptr);
            seen.logits_V = m_pass.logitsAt(hidden_BTC, token);
            const at::NoGradGuard noGradients;
            seen.surprise = m_pass.surprise(hidden_BTC.detach(), copies);
        }
        seen.saidOnHost_V = copies.begin(seen.logits_V);
        const at::NoGradGuard noGradients;
        for (size_t layer = 0; layer < keeper.streams().size(); ++layer)
            seen.lens.push_back(copies.begin(m_pass.lens(keeper.streams()[layer], static_cast<int64_t>(layer))[0][0]));
    }

    Result<void> lookAtPass()
    {
        const WatchPlan plan = watchPlan();
        nn::KvCache cache;
        if (m_request.withMemory) {
            ORRERY_ASSIGN(cache, m_input.cacheWithMemory());
        } else if (isFromState()) {
            cache = m_input.stateBefore();
        }
        const bool hasCache = m_request.withMemory || isFromState();
        const bool isInference = !m_request.wantsAttribution && !hasCache && m_pass.leavesNothing();
        const c10::InferenceMode inference(isInference);
        const at::AutoGradMode gradients(m_request.wantsAttribution);
        HostCopies copies;
        AttentionWatch watch(plan, copies);
        Seen seen;
        for (size_t number = 0; number < m_pass.numPasses(); ++number)
            readPass(number, watch, hasCache ? &cache : nullptr, copies, seen);
        copies.wait();
        ORRERY_ASSIGN(m_next, NextToken::create(seen.saidOnHost_V));
        m_report.candidates = m_next.likeliest(numAlternatives(), m_tokenizer);
        if (m_request.wantsAttribution) {
            if (m_tell) m_tell({.pass = 2, .passes = numPasses()});
            m_report.attribution = attributionOf(seen.logits_V, explainedId(), seen.embedded_BTC);
        }
        const at::NoGradGuard noGradients;
        if (isFromState())
            addSaid();
        else
            noteSurprise(seen.surprise, watch.isSeenBefore(), m_report.tokens);
        m_report.overview = watch.wholeMaps();
        m_report.maps = watch.chosenMaps();
        m_report.summaries = watch.summaries();
        m_report.flows = watch.flows();
        m_report.reads = watch.takeReads();
        m_report.uses = watch.uses();
        addCrossModalWeights(m_model, m_report.flows);
        return readLens(seen.lens);
    }

    /// How likely what was said behind the token is; where the text ends there, told as the surprise of one token more.
    void addSaid()
    {
        const auto next = static_cast<size_t>(m_checked.token) + 1;
        if (next < m_input.ids.size()) {
            InspectedToken &said = m_report.tokens[next];
            if (said.modality == Modality::Text) said.surprise = m_next.surpriseOf(m_input.ids[next]);
            return;
        }
        if (m_input.said < 0) return;
        InspectedToken said{.id = m_input.said, .bytes = m_tokenizer.tokenBytes(m_input.said)};
        said.surprise = m_next.surpriseOf(m_input.said);
        m_report.tokens.push_back(std::move(said));
    }

    /// @param logits by layer, on the host
    Result<void> readLens(const std::vector<at::Tensor> &logits)
    {
        for (size_t layer = 0; layer < logits.size(); ++layer) {
            ORRERY_ASSIGN(const NextToken next, NextToken::create(logits[layer]));
            m_report.lens.push_back({static_cast<int64_t>(layer),
                                     next.likeliest(numAlternatives(), m_tokenizer), next.entropy()});
        }
        return {};
    }

    Result<void> lookAtChangedPass()
    {
        const at::NoGradGuard noGradients;
        HeadSilencer silencer(m_request.ablated, m_isCancelled, layerTeller(numPasses()));
        nn::KvCache cache;
        if (m_request.withMemory) {
            ORRERY_ASSIGN(cache, m_input.cacheWithMemory());
            ORRERY_TRY(editMemoryIn(cache, m_request.memoryEdits, m_isCancelled));
        }
        const at::Tensor hidden_BTC = m_pass.run(silencer, m_request.withMemory ? &cache : nullptr);
        ORRERY_ASSIGN(const NextToken without,
                      NextToken::create(m_pass.logitsAt(hidden_BTC, m_checked.token)));
        m_report.changed = without.beside(m_report.candidates, numAlternatives(), m_tokenizer);
        m_report.changedDivergence = m_next.divergenceTo(without);
        return {};
    }

    nn::Transformer &m_model;
    const Tokenizer &m_tokenizer;
    const InspectRequest &m_request;
    const CheckedRequest &m_checked;
    const std::function<bool()> &m_isCancelled;
    const TellReading &m_tell;
    const InspectInput &m_input;
    InspectPass m_pass;
    NextToken m_next;
    InspectReport m_report;
};

/// Maps in the order of the wishes, repeats too.
std::vector<AttentionMap> asOftenAsAsked(const std::vector<AttentionMap> &maps,
                                         const std::vector<HeadRef> &asked)
{
    std::vector<AttentionMap> all;
    for (const HeadRef &head : asked)
        all.push_back(*std::find_if(maps.begin(), maps.end(),
                                    [&head](const AttentionMap &map) { return map.head == head; }));
    return all;
}

} // namespace

Result<InspectReport> inspectModel(nn::Transformer &model, const Tokenizer &tokenizer,
                                   const InspectInput &input, const InspectRequest &request,
                                   at::ScalarType dtype, const std::function<bool()> &isCancelled,
                                   const TellReading &tell)
{
    ORRERY_TRY(checkInput(model, input));
    ORRERY_ASSIGN(const CheckedRequest checked, checkRequest(model.spec(), std::ssize(input.ids), request));
    ORRERY_TRY(checkMemoryRequest(input, request));
    // A head that is asked for again is looked at once: checks and memory count heads, not wishes.
    InspectRequest once = request;
    once.heads.clear();
    for (const HeadRef &head : request.heads)
        if (std::find(once.heads.begin(), once.heads.end(), head) == once.heads.end())
            once.heads.push_back(head);
    return nn::guardTorch("look inside the model", [&]() -> Result<InspectReport> {
        try {
            ORRERY_ASSIGN(InspectReport report,
                          Look(model, tokenizer, input, once, checked, dtype, isCancelled, tell).run());
            if (once.heads.size() < request.heads.size())
                report.maps = asOftenAsAsked(report.maps, request.heads);
            return report;
        } catch (const LookCancelled &) {
            return Error{ErrorCode::Cancelled, "Cannot finish looking inside: it was cancelled.", ""};
        }
    });
}

} // namespace orrery
