// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/inspect_checks.h"

#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/nn/extension_points.h"

namespace orrery {
namespace {

Error refuse(const std::string &found, const std::string &expected, const std::string &hint)
{
    return {ErrorCode::InvalidInput, "Cannot look inside: " + found + ", expected " + expected + ".", hint};
}

std::string number(int64_t value) { return std::to_string(value); }

/// Of a range that may be open at its end.
Result<TokenRange> closedRange(const std::string &what, const TokenRange &range, int64_t numTokens)
{
    const TokenRange closed{range.begin, range.end == -1 ? numTokens : range.end};
    if (closed.begin >= 0 && closed.begin < closed.end && closed.end <= numTokens) return closed;
    return refuse("the " + what + " asked for are tokens " + number(range.begin) + " to " +
                      number(closed.end - 1),
                  "a range within tokens 0 to " + number(numTokens - 1) + ", its begin before its end",
                  "Choose " + what + " within the text that is read.");
}

} // namespace

Result<void> checkInput(const nn::Transformer &model, const InspectInput &input)
{
    ORRERY_ASSERT(input.tokens.size() == input.ids.size());
    ORRERY_ASSERT(input.numRead >= 0 && (input.numRead == 0 || input.numRead < std::ssize(input.ids)));
    ORRERY_ASSERT(!input.modalities || input.modalities->modality_BT.size() == input.ids.size());
    ORRERY_ASSERT(static_cast<bool>(input.stateBefore) != input.passes.empty());
    ORRERY_ASSERT(input.passes.empty() || input.passes.back().end == std::ssize(input.ids));
    const int64_t numTokens = std::ssize(input.ids), context = model.spec().context;
    if (numTokens == 0) return refuse("the text is empty", "one token or more", "Give a text.");
    if (numTokens > context)
        return refuse("the text has " + number(numTokens) + " tokens",
                      "at most the model's context of " + number(context),
                      "Shorten the text, or use a model with a longer context.");
    for (const int32_t id : input.ids)
        if (id < 0 || id >= model.vocabSize())
            return refuse("token " + number(id) + " is in the text",
                          "tokens below the model's vocabulary of " + number(model.vocabSize()),
                          "Use a text for the model's own tokenizer.");
    if (!nn::maskPolicyRegistry().find(input.maskPolicy))
        return refuse("the mask is \"" + sanitizeUtf8(input.maskPolicy) + "\"",
                      "one of " + joinText(nn::maskPolicyRegistry().names(), ", "), "Name one of these.");
    if (input.prefixLength < 0 || input.prefixLength > numTokens)
        return refuse("the prefix has " + number(input.prefixLength) + " tokens", "0 to " + number(numTokens),
                      "A prefix is a part of the text.");
    return {};
}

Result<void> checkHeads(const ModelSpec &spec, const std::vector<HeadRef> &heads, const std::string &what)
{
    if (heads.size() > kMaxHeadsAsked)
        return refuse(std::to_string(heads.size()) + " heads are asked for",
                      "at most " + std::to_string(kMaxHeadsAsked), "Ask for fewer at once.");
    for (const HeadRef &ref : heads) {
        if (ref.layer < 0 || ref.layer >= spec.layers)
            return refuse(
                "layer " + number(ref.layer) + " of the " + what + ' ' + headName(ref) + " does not exist",
                "a layer that the model has, 0 to " + number(spec.layers - 1), "Layers count from 0.");
        if (ref.head < 0 || ref.head >= spec.heads)
            return refuse(
                "head " + number(ref.head) + " of the " + what + ' ' + headName(ref) + " does not exist",
                "a head that each layer has, 0 to " + number(spec.heads - 1), "Heads count from 0.");
    }
    return {};
}

Result<void> checkSize(const std::string &what, int64_t value, int64_t least, int64_t most)
{
    if (value >= least && value <= most) return {};
    return refuse(what + " is " + number(value), number(least) + " to " + number(most),
                  "Set " + what + " to a value in this range.");
}

Result<void> checkToken(int64_t token, int64_t numTokens)
{
    if (token >= -1 && token < numTokens) return {};
    return refuse("token " + number(token) + " is asked for",
                  "0 to " + number(numTokens - 1) + ", or -1 for the last one",
                  "Choose a token of the text that is read.");
}

Result<CheckedRequest> checkRequest(const ModelSpec &spec, int64_t numTokens, const InspectRequest &request)
{
    if (!request.input.promptIds.empty() && !request.input.prompt.empty())
        return refuse("the request has a prompt and exact tokens in its place", "one of them",
                      "Leave the prompt empty.");
    ORRERY_TRY(checkHeads(spec, request.heads, "head"));
    ORRERY_TRY(checkHeads(spec, request.ablated, "head to leave out,"));
    if (request.wantsOverview)
        ORRERY_TRY(checkSize("overview_edge", request.overviewEdge, kMinOverviewEdge, kMaxOverviewEdge));
    if (!request.heads.empty()) ORRERY_TRY(checkSize("max_edge", request.maxEdge, 1, kMaxMapEdge));
    ORRERY_TRY(checkSize("alternatives", request.input.sampling.numAlternatives, 0, kMaxInspectCandidates));
    ORRERY_TRY(checkToken(request.token, numTokens));
    ORRERY_ASSIGN(const TokenRange rows, closedRange("rows", request.rows, numTokens));
    ORRERY_ASSIGN(const TokenRange columns, closedRange("columns", request.columns, numTokens));
    CheckedRequest checked{.token = request.token == -1 ? numTokens - 1 : request.token};
    if (request.wantsOverview) checked.overview = shapeOf(0, numTokens, 0, numTokens, request.overviewEdge);
    if (!request.heads.empty())
        checked.map = shapeOf(rows.begin, rows.end - rows.begin, columns.begin, columns.end - columns.begin,
                              request.maxEdge);
    const auto cells = [](const MapShape &shape, int64_t numHeads) {
        return numHeads * shape.height() * shape.width() * (shape.isExact() ? 1 : 2);
    };
    const int64_t numCells =
        cells(checked.map, std::ssize(request.heads)) + cells(checked.overview, spec.layers * spec.heads);
    if (numCells > kMaxCells)
        return refuse("the maps would have " + number(numCells) + " cells together",
                      "at most " + number(kMaxCells),
                      "Ask for fewer heads at once, for fewer rows, or for smaller maps (max_edge).");
    return checked;
}

std::vector<HeadRef> allHeads(const ModelSpec &spec)
{
    std::vector<HeadRef> heads;
    for (int64_t layer = 0; layer < spec.layers; ++layer)
        for (int64_t head = 0; head < spec.heads; ++head) heads.push_back({layer, head});
    return heads;
}

} // namespace orrery
