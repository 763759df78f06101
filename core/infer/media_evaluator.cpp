// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens.
#include "core/base/platform.h"
#include "core/data/data_paths.h"
#include "core/data/multimodal/sampler.h"
#include "core/infer/loss_sums.h"
#include "core/infer/prompt_media.h"
#include "core/nn/modality_input.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace orrery {

namespace {

void measure(LoadedModel &loaded, MultiModalBatch &batch, LossSums &sums)
{
    const at::Device device(loaded.device);
    const auto numCounted = std::count(batch.mask_BT.begin(), batch.mask_BT.end(), uint8_t(1));
    if (numCounted == 0) return;
    const std::vector<int64_t> shape = {batch.numSequences, batch.context};
    const nn::ModalityInput input = nn::makeModalityInput(
        takeModalities(batch, loaded.model->spec().attention.numModalities), batch.numSequences, device);
    nn::ForwardContext context;
    context.modalities = &input;
    const at::Tensor ids_BT = at::from_blob(batch.ids_BT.data(), shape, at::kInt).to(device, at::kLong);
    const at::Tensor targets_BT =
        at::from_blob(batch.targets_BT.data(), shape, at::kInt).to(device, at::kLong);
    const at::Tensor mask_BT = at::from_blob(batch.mask_BT.data(), shape, at::kByte).to(device);
    sums.nats += loaded.model->loss(ids_BT, targets_BT, mask_BT, context).item<double>() *
                 static_cast<double>(numCounted);
    sums.numTargets += numCounted;
    for (size_t i = 0; i < batch.mask_BT.size(); ++i)
        sums.numBytes += batch.mask_BT[i] != 0 && batch.targets_BT[i] < 256;
}

Result<void> measureSplit(LoadedModel &loaded, const MultiModalSource &source, Split split, LossSums &sums,
                          const std::atomic<bool> &cancel)
{
    const int64_t context = loaded.model->spec().context;
    const MultiModalWindows windows(source, split, context, ~uint64_t{0});
    const int64_t batchSize = std::max<int64_t>(1, kEvaluateTokensPerBatch / context);
    MultiModalBatch batch;
    for (int64_t first = 0; first < windows.numWindows(); first += batchSize) {
        if (cancel.load(std::memory_order_relaxed))
            return Error{ErrorCode::Cancelled,
                         "Cannot finish evaluating on \"" + source.name() + "\": it was cancelled.", ""};
        windows.fill(first, std::min(batchSize, windows.numWindows() - first), batch);
        measure(loaded, batch, sums);
    }
    return {};
}

} // namespace

Result<EvaluateSummary> evaluateMultiModal(LoadedModel &loaded, const std::string &dataPath,
                                           const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGradients;
    const ModelSpec &model = loaded.model->spec();
    const auto refuse = [&](const std::string &found, const std::string &expected, const std::string &hint) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot evaluate on \"" + dataPath + "\": " + found + ", expected " + expected + ".",
                     hint};
    };
    if (model.attention.numModalities < 2)
        return refuse("it " + partsText(dataPath, dataPathKind(dataPath)) + ", and \"" + loaded.info.name +
                          "\" reads text only",
                      "text", "Use a model that was trained with attention.num_modalities above 1.");
    OpenMultiModalOptions options;
    options.data = loaded.data;
    options.data.path = dataPath;
    options.frontEnd = frontEndOf(model.media);
    options.use = DocumentUse::Measure;
    options.cacheDirectory = userCacheDir() / "shards";
    options.cancel = &cancel;
    ORRERY_ASSIGN(const OpenedMultiModal opened, openMultiModal(options));
    const uint64_t longest = opened.description.longestRecording;
    if (longest > 0 && model.attention.numModalities < 3)
        return refuse("it has recordings, and \"" + loaded.info.name + "\" knows text and pictures", "none",
                      "Use a model that was trained with attention.num_modalities=3.");
    if (longest > static_cast<uint64_t>(model.media.audioTokens))
        return refuse("its longest recording has " + std::to_string(longest) + " tokens",
                      "at most the " + std::to_string(model.media.audioTokens) +
                          " that the model was made for",
                      "Cut the recordings.");
    LossSums sums;
    ORRERY_TRY(measureSplit(loaded, *opened.source, Split::Validation, sums, cancel));
    // What somebody brings is measured whole, however a training would split it.
    if (!opened.folder.empty()) ORRERY_TRY(measureSplit(loaded, *opened.source, Split::Train, sums, cancel));
    if (sums.numTargets == 0)
        return refuse("no position carries loss", "one text that does", "Leave \"loss\": false out.");
    return summaryOf(sums);
}

} // namespace orrery
