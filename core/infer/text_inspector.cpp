// SPDX-License-Identifier: Apache-2.0
// A look inside a loaded model: the text of a request as generate() reads it, in a pass of its own, so that a
// conversation goes on as if nobody had looked.
#include "core/infer/model_guard.h"
#include "core/infer/text_generator.h"
#include "core/inspect/inspect.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <utility>

namespace orrery {

Result<InspectReport> TextGenerator::inspect(const InspectRequest &request, const std::atomic<bool> &cancel)
{
    ORRERY_TRY(checkKind(request.input));
    return guardModel("look inside", m_loaded.info.name, [&]() -> Result<InspectReport> {
        // The pictures of the conversation stay decoded.
        DecodedMedia kept = std::exchange(m_decoded, {});
        Result<Prompt> made = makePrompt(request.input);
        m_decoded = std::move(kept);
        ORRERY_ASSIGN(const Prompt prompt, std::move(made));
        std::vector<int32_t> ids = prompt.history;
        if (prompt.after)
            ids = renderBegunHole(prompt.history, std::ssize(request.input.answerIds), *prompt.after,
                                  m_loaded.model->spec().context);
        ModalityBatch batch;
        if (prompt.media) batch = prompt.media->slice(0, std::ssize(ids));
        const int64_t numTokens = std::ssize(ids);
        InspectInput input = describeTokens(*m_loaded.tokenizer, std::move(ids), &batch);
        if (request.withMemory) {
            const at::NoGradGuard noGradients;
            ORRERY_TRY(openOwnMemory());
            catchUp();
        }
        input.cacheWithMemory = [this, numTokens] { return stream().cacheBehindMemory(numTokens); };
        const auto isCancelled = [&cancel] { return cancel.load(std::memory_order_relaxed); };
        ORRERY_ASSIGN(InspectReport report, inspectModel(*m_loaded.model, *m_loaded.tokenizer, input, request,
                                                         at::kFloat, isCancelled));
        report.model = m_loaded.info.name;
        report.step = m_loaded.info.step;
        report.note = m_loaded.info.note;
        return report;
    });
}

} // namespace orrery
