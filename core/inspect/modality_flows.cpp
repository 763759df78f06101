// SPDX-License-Identifier: Apache-2.0
#include "core/inspect/modality_flows.h"

#include <torch/types.h>

#include <map>
#include <string>

namespace orrery {

void addCrossModalWeights(nn::Transformer &model, std::vector<ModalityFlow> &flows)
{
    if (flows.empty()) return;
    std::map<std::string, std::vector<ModalityFlow *>> byParameter;
    for (ModalityFlow &flow : flows)
        byParameter["blocks." + std::to_string(flow.head.layer) + ".attention.cross_modal_weights"].push_back(
            &flow);
    for (const nn::Parameter &parameter : model.parameters()) {
        const auto found = byParameter.find(parameter.name);
        if (found == byParameter.end()) continue;
        const at::Tensor weights_HMM =
            at::softplus(parameter.master.detach()).to(at::kCPU, at::kFloat).contiguous();
        const int64_t size = weights_HMM.numel() / weights_HMM.size(0);
        for (ModalityFlow *flow : found->second) {
            const float *of = weights_HMM.const_data_ptr<float>() + flow->head.head * size;
            flow->weights.assign(of, of + size);
        }
    }
}

} // namespace orrery
