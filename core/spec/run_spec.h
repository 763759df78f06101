// SPDX-License-Identifier: Apache-2.0
// Everything that decides what a run does, as plain values. One field table (field_table.h) turns these into JSON, JSON
// Schema, command-line help and the window's forms; nothing else names a key. Values; any thread.
#pragma once

#include "core/spec/field_value.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orrery {

/// More than text: projections, norms and feed-forward networks of each modality's own (keys attention.*).
struct AttentionSpec {
    int64_t numModalities = 1;    ///< 1: text; 2: and images; 3: and audio
    bool isSeparate = true;       ///< false: one set of weights for all, only the embeddings differ
    double modalityDropout = 0.2; ///< probability that a modality is hidden in training where another one remains
    double zLoss = 1e-4;          ///< of models with several modalities; 0: off
};

/// How pictures and recordings become tokens (keys media.*).
struct MediaSpec {
    int64_t imageSize = 32;   ///< pixels a side; pictures are fitted into the square
    int64_t patchSize = 8;    ///< pixels a side; one token a patch
    std::string imageStem = "conv"; ///< conv | luma | linear: what a patch goes through before it is a vector
    int64_t audioTokens = 32; ///< longest recording, at 20 tokens a second
};

/// Positions beyond those of the first training, as Llama 3 does it (keys model.rope_*): wavelengths above
/// originalContext / lowFactor are stretched by `factor`, those below originalContext / highFactor stay, and
/// between the two lies a line.
struct RopeScaling {
    double factor = 1;             ///< 1: off
    double lowFactor = 1;
    double highFactor = 4;
    int64_t originalContext = 8192; ///< tokens
};

struct ModelSpec {
    std::string preset = "tiny"; ///< tiny | small | gpt2; gives defaults, explicit keys win in any order
    int64_t layers = 4;
    int64_t width = 128;          ///< d_model
    int64_t heads = 4;            ///< divides width, unless headDim is given
    int64_t kvHeads = 0;          ///< heads of keys and values, each shared by heads/kvHeads queries; 0: heads
    int64_t headDim = 0;          ///< of one head; 0: width/heads
    int64_t context = 128;        ///< tokens
    int64_t window = 0;           ///< a token sees itself and window − 1 before it; 0: all before it
    int64_t ffnWidth = 0;         ///< 0: 4·width, for swiglu 8/3·width rounded up to a multiple of 64 (key model.ffn_width)
    std::string ffn = "swiglu";   ///< gelu | gelu_tanh | swiglu
    std::string norm = "rmsnorm"; ///< rmsnorm | layernorm
    std::string position = "rope"; ///< rope | learned
    double ropeTheta = 10000;     ///< base of the angles of rope
    RopeScaling ropeScaling;
    double normEps = 0;           ///< added to the mean square (variance) of norms; 0: by norm, 1e-6 (layernorm: 1e-5)
    bool qkNorm = true;
    bool bias = false;
    bool tied = true;             ///< output head shares the token embedding
    double dropout = 0.1;          ///< of what embedding, attention and feed-forward give
    double attentionDropout = 0.0; ///< of the attention's probabilities; above 0 no fused kernel applies
    double stochasticDepth = 0.0; ///< p of the last layer; p_l = p·l/L
    std::string block = "reference"; ///< reference | (fused, with the training engine)
    std::string mask = "causal";     ///< who sees whom where a pass goes left to right
    AttentionSpec attention;
    MediaSpec media;
};

struct DataSpec {
    std::string path;                     ///< file or folder
    std::string tokenizer = "bytes";      ///< bytes | bpe (trained on the data) | path of a tokenizer.json
    int64_t vocabSize = 0;                ///< 0: what the tokenizer has; of bpe: 8,192
    std::string specialTokens = "default"; ///< default | none (vocabulary of 256)
    double valFraction = 0.1;
};

struct TrainSpec {
    int64_t steps = 2000;       ///< total, also on resume
    int64_t batchSize = 16;     ///< sequences per micro-batch
    int64_t accumulation = 1;   ///< micro-batches per step
    std::string dtype = "fp32"; ///< fp32 | bf16 (fp32 master weights)
    int64_t reportEvery = 1;
    int64_t evalEvery = 200;
    int64_t evalTokens = 65536; ///< validation tokens per evaluation at most; 0: all
    int64_t checkpointEvery = 500;
    int64_t keepLast = 3;
    bool keepBest = true;
    int64_t patience = 0;         ///< evaluations without a better validation loss after which it stops; 0: never
    double minImprovement = 0;    ///< nats/token by which a loss must be lower to count as better
};

struct ObjectiveSpec {
    std::string name = "next_token";        ///< next_token | hybrid
    std::vector<double> mix = {50, 25, 25}; ///< of hybrid: weights of next-token, prefix and infilling sequences
    int64_t spanMean = 0; ///< mean tokens of a hole; 0: a quarter of the context (see objective_mix.h)
};

struct OptimizerSpec {
    std::string name = "adamw";
    double lr = 1e-3; ///< peak
    double weightDecay = 0.1;
    std::vector<double> betas = {0.9, 0.95};
    double eps = 1e-8;
    double clip = 1.0; ///< largest gradient norm; 0: off
};

struct ScheduleSpec {
    std::string preset = "scaled"; ///< scaled (portfolio's shape over total_steps) | portfolio | cosine | constant
    int64_t warmupSteps = -1;      ///< -1: by preset (portfolio 2,000; scaled 2 % of the steps; cosine 100)
    int64_t cycleSteps = -1;       ///< -1: by preset (portfolio 25,000; scaled a quarter of the rest)
    double decay = 0.5;            ///< peak of cycle i = lr·decay^i
    double minRatio = 0.1;         ///< each cycle falls to min_ratio of its own peak
    int64_t totalSteps = 0;        ///< 0: train.steps when the run is created, then frozen
};

struct ProbesSpec {
    std::vector<std::string> prompts = {"The ", "template <"}; ///< samples are drawn for these
    int64_t every = 200;        ///< steps between samples; 0: never
    int64_t maxTokens = 120;
    double budgetPercent = 2.0;
    int64_t framesEvery = 10;        ///< steps between frames of the starred heads' attention; 0: no frames at all
    int64_t overviewEvery = -1;      ///< steps between frames of all heads; 0: framesEvery; -1: see overviewInterval()
    std::vector<std::string> starred; ///< heads that are kept with more cells, "layer.head"
    int64_t framesMegabytes = 256;   ///< of all frames; beyond, older ones are thinned out
    /// Of overviewEvery -1: so many frames of starred heads for one of all.
    static constexpr int64_t kStarredPerOverview = 5;
    /// Steps between frames of all heads; 0: there are none.
    [[nodiscard]] int64_t overviewInterval() const
    {
        if (framesEvery > 0 && overviewEvery > 0) return overviewEvery;
        return overviewEvery < 0 && !starred.empty() ? framesEvery * kStarredPerOverview : framesEvery;
    }
};

/// Several data, learned one after the other (keys continual.*). Without further stages: off.
struct ContinualSpec {
    std::vector<std::string> stages;     ///< paths learned after data.path, in this order; steps are shared out equally
    std::string strategy = "naive";      ///< naive | er | derpp | ewc | sparse_memory
    double bufferPercent = 2.5;          ///< share of each earlier stage's training tokens that is kept for replay
    double replayShare = 0.5;            ///< of the sequences of a step, once there is something to replay
    double distillWeight = 0.5;          ///< of derpp: weight of the distance to the logits kept (alpha)
    double ewcLambda = 1e3;              ///< of ewc: weight of the quadratic penalty
    [[nodiscard]] bool isOn() const { return !stages.empty(); }
};

/// Plugins that a run uses. Empty for most runs, and then no part of their JSON or digest.
struct PluginsSpec {
    /// "id" or "id@version". Frozen: all that are used, those that others require first, each with its version.
    std::vector<std::string> use;
    std::map<std::string, FieldValue> settings; ///< by key, "plugins.<id>.<name>"
    [[nodiscard]] bool isEmpty() const { return use.empty() && settings.empty(); }
};

struct RunSpec {
    std::string name;   ///< shown in lists; empty: made from data and preset
    ModelSpec model;
    DataSpec data;
    TrainSpec train;
    ObjectiveSpec objective;
    OptimizerSpec optimizer;
    ScheduleSpec schedule;
    ContinualSpec continual;
    ProbesSpec probes;
    PluginsSpec plugins;
    std::string device = "cpu"; ///< cpu | cuda
    int64_t threads = 0;        ///< 0: all cores from the command line, cores − 1 under a desktop
    int64_t seed = 1337;
};

} // namespace orrery
