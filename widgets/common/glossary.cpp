// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/glossary.h"

#include "core/spec/run_records.h"

#include <QCoreApplication>

#include <array>

namespace orrery::ui {

namespace {

/// As it stands in the table: marked for translation here, translated when it is read.
struct Line {
    const char *term, *title, *meaning, *good, *page;
};

#define TEXT(text) QT_TRANSLATE_NOOP("Glossary", text)
constexpr auto kLines = std::to_array<Line>({
    // Series
    {series::kLoss, TEXT("Loss"),
     TEXT("How surprised the model is by the next token of the training text, on average: −ln of the "
          "probability that it gave it, in nats per token (1 nat is 1.44 bits). Objectives and "
          "regularisers of the run may add to it."),
     TEXT("It should fall, quickly at first. Before the first step it is about ln of the vocabulary: 5.6 "
          "with bytes, 9 with 8,192 tokens. A rise that stays: lower the learning rate."),
     "docs/model.md"},
    {series::kValLoss, TEXT("Validation loss"),
     TEXT("The same on text that is kept out of training, in nats per token, without dropout."),
     TEXT("A little above the training loss. When it rises while the training loss falls, the model "
          "learns the text by heart: stop, or take more text, more dropout or a smaller model."),
     "docs/runs.md"},
    {series::kValLossPrefix, TEXT("Validation, prefix"),
     TEXT("Validation loss where a first part of each sequence is read in both directions and the rest "
          "is to be said, in nats per token."),
     TEXT("Near the plain validation loss, as it is the same text."), "docs/objectives.md"},
    {series::kValLossInfill, TEXT("Validation, infill"),
     TEXT("Validation loss of the holes that are to be filled from what stands around them, in nats per "
          "token."),
     TEXT("Falls later than the plain validation loss: it is a harder question."), "docs/objectives.md"},
    {"val_loss/*", TEXT("Validation loss of one stage"),
     TEXT("Validation loss on the text of one stage of a run that learns several in turn, in nats per "
          "token."),
     TEXT("Falls while its stage is learned. How far it rises in later stages is what was forgotten."),
     "docs/continual.md"},
    {series::kLearningRate, TEXT("Learning rate"),
     TEXT("How far an update moves the weights. The schedule raises it in the warm-up and lowers it "
          "towards the end."),
     TEXT("0.0003 to 0.003 for most models here; the wider the model, the lower."), "docs/optimizers.md"},
    {series::kGradNorm, TEXT("Gradient norm"),
     TEXT("Length of the gradient of all weights together (L2), before it is cut to optimizer.clip. It "
          "says how strongly this step's text pulls at the model."),
     TEXT("High in the first steps, then steady or slowly falling, mostly between 0.1 and 2. A jump to ten "
          "times that comes before a jump of the loss; NaN or infinity stops the training."),
     "docs/optimizers.md"},
    {series::kTokensPerSecond, TEXT("Tokens per second"),
     TEXT("Training tokens in a second of training, without pauses, validation and checkpoints."),
     TEXT("Steady. A drop means that something else uses the processor, or that the window asks much: "
          "see viewer cost."),
     "docs/estimate.md"},
    {series::kViewerPercent, TEXT("Viewer cost"),
     TEXT("Share of the training's time that went to windows, samples, frames and questions, in percent."),
     TEXT("Below probes.budget_percent for what is taken by itself. A question of yours costs what it "
          "costs, once."),
     "docs/attention.md"},
    {series::kMemoryMiB, TEXT("Memory"), TEXT("Main memory that the training's process holds, in MiB."),
     TEXT("Flat after the first steps and below what the computer has; the estimate of a new run says "
          "about how much."),
     "docs/estimate.md"},
    {"stage", TEXT("Stage"),
     TEXT("Number of the text that is learned now, in a run that learns several in turn, from 1."), "",
     "docs/continual.md"},
    {"stage_loss/*", TEXT("Loss at the ends of stages"),
     TEXT("Validation loss on one stage's text, measured at the end of each stage, in nats per token."), "",
     "docs/continual.md"},
    {"forgetting", TEXT("Forgetting"),
     TEXT("How much worse the earlier texts are said now than when they were said best, on average, in "
          "nats per token."),
     TEXT("0 or below: nothing was forgotten. Replay (er, derpp) keeps it small."), "docs/continual.md"},
    {"backward_transfer", TEXT("Backward transfer"),
     TEXT("How much better the earlier texts are said now than at the end of their own stage, on "
          "average, in nats per token."),
     TEXT("Above 0: later texts helped the earlier ones."), "docs/continual.md"},
    {"head/*/entropy", TEXT("Entropy of a head"),
     TEXT("How widely the head spreads its attention, in nats: 0 is one token, ln n an even look at n "
          "tokens."),
     TEXT("High at first. Heads that find a task fall, most of them early; one that never moves may do "
          "nothing."),
     "docs/inspect.md"},
    {"head/*/distance", TEXT("Distance of a head"),
     TEXT("How far back the head looks, on average, in tokens."),
     TEXT("Neighbours (1 to 3) for spelling, far for sense: a model that works has both."),
     "docs/inspect.md"},
    {"head/*/first", TEXT("Attention on the first token"),
     TEXT("Share of the head's attention that falls on the first token of the text."),
     TEXT("Near 1 the head rests: it has nothing to say there, and the first token is where it puts that."),
     "docs/inspect.md"},
    {"head/*/change", TEXT("Change since the kept step before"),
     TEXT("How much the head's map differs from the kept step before: mean difference of its cells, 0 to 1. The "
          "attention panel shows the difference to any other step."),
     TEXT("Large while the head learns something, near 0 when it has settled."), "docs/inspect.md"},
    {"attention/head", TEXT("Numbers of a head"),
     TEXT("Entropy: how widely it spreads its attention, 0 is one token, ln n an even look at n tokens. Then "
          "how far it looks on average, and what share falls on the first token and on the token itself."),
     TEXT("Entropy falls when a head finds its task. Nearly all on the first token: it rests, as it has nothing "
          "to say here."),
     "docs/inspect.md"},
    {"part/*occupancy", TEXT("How full the memory is"),
     TEXT("Share of the memory's slots that are in use, 0 to 1."),
     TEXT("At 1 the memory has to forget for everything new; give it more slots if that hurts."),
     "docs/memory-panel.md"},
    {"part/semantic/used", TEXT("Values that a step reads"),
     TEXT("Share of the semantic memory's values that the tokens of one step read, 0 to 1."),
     TEXT("It can be no more than tokens × heads × values read by each. Falling towards 0: all tokens read the same few."),
     "docs/model.md"},
    {"part/semantic/ever_used", TEXT("Values that were ever read"),
     TEXT("Share of the semantic memory's values that any token has read since this training was started or resumed, 0 to 1."),
     TEXT("Towards 1 soon. What stays unread learns nothing: fewer values would do as well."), "docs/model.md"},
    {"part/*", TEXT("Value of a part"),
     TEXT("A number that a part of the model, most often of a plugin, reports of each step."), "",
     "docs/plugins.md"},
    {"probe/*", TEXT("Value of a probe"), TEXT("A number that a probe of a plugin took at an evaluation."),
     "", "docs/plugins.md"},

    // A run
    {"run/best_val_loss", TEXT("Best checkpoint"),
     TEXT("Validation loss of the best checkpoint, in nats per token. That checkpoint is kept and marked as best."),
     TEXT("Close to the newest one while the run still learns."), "docs/runs.md"},
    {"run/parameters", TEXT("Parameters"), TEXT("Numbers that the model learns, embeddings included."),
     TEXT("About a twentieth of the training tokens uses them well; far more parameters learn the text "
          "by heart."),
     "docs/estimate.md"},
    {"run/device", TEXT("Device"), TEXT("What computes: the processor with its threads, or a GPU."),
     TEXT("As many threads as the computer has cores. Another number of threads changes the last digits "
          "of the loss."),
     "docs/model.md"},
    {"run/checkpoint", TEXT("Last checkpoint"),
     TEXT("Step whose whole state stands on disk, read back and verified. A resume goes on from there."),
     TEXT("What lies behind it is lost when the computer stops; a pause or stop writes one."),
     "docs/run-directory.md"},
    {"run/waits", TEXT("Waits"),
     TEXT("How often the training waited for a window, and how often because its own disk was slower "
          "than its reports."),
     TEXT("The first must stay 0. The second: report less often (train.report_every) or take a faster "
          "disk."),
     "docs/architecture.md"},

    // The status bar
    {"status/engine", TEXT("Engine"),
     TEXT("The program that keeps your runs and starts trainings; the window only shows them. Each training is a "
          "process of its own, which goes on when window or engine end."),
     TEXT("A green dot. Red: it is looked for again by itself, and nothing of a training is lost."),
     "docs/architecture.md"},
    {"status/report", TEXT("Last report"), TEXT("How long ago the chosen training told its newest numbers."),
     TEXT("Some seconds, or a little more than a step takes. Much longer: a validation or a checkpoint is being "
          "made, or the computer is busy."),
     "docs/runs.md"},

    // The estimate of a new run
    {"estimate/parameters", TEXT("Parameters"),
     TEXT("Numbers that the model will learn, parts of plugins included."),
     TEXT("About a twentieth of the training tokens uses them well."), "docs/estimate.md"},
    {"estimate/memory", TEXT("Memory"),
     TEXT("What training needs at its peak: weights, two numbers for each in the optimizer, gradients, "
          "and what a step keeps for its way back."),
     TEXT("Well below what the computer has. A smaller batch or context saves most."), "docs/estimate.md"},
    {"estimate/cache", TEXT("A generated text"),
     TEXT("What a text of full length keeps while the model writes it, beside the weights: keys, values, "
          "and its memory."),
     TEXT("Grows with context and layers; fewer key-value heads (model.kv_heads) save it."),
     "docs/estimate.md"},
    {"estimate/tokens_per_step", TEXT("Tokens per step"),
     TEXT("Batch size × accumulation × context: what one update reads."),
     TEXT("2,000 and more make steady updates. Less is noisier, but gets more updates out of the same "
          "time."),
     "docs/estimate.md"},
    {"estimate/tokens", TEXT("Tokens in all"), TEXT("What all steps together read."),
     TEXT("Twenty for each parameter is a good use of computing time."), "docs/estimate.md"},
    {"estimate/passes", TEXT("Passes over the data"),
     TEXT("How often each training token is read, on average."),
     TEXT("Up to about 4 repetitions are nearly as good as new text. Far more, and the model learns it "
          "by heart."),
     "docs/estimate.md"},
    {"estimate/time", TEXT("Time"),
     TEXT("From the first step to the last, by how fast trainings of about this size went on this "
          "computer; the range is that of their speeds."),
     TEXT("Try a few steps first: each training here makes the next estimate better."), "docs/estimate.md"},

    // A token
    {"token/probability", TEXT("Probability"),
     TEXT("How likely the model took this token at this place: softmax at temperature 1, before anything "
          "is cut."),
     TEXT("Near 1 inside words and after a clear beginning; spread where a text may go many ways."),
     "docs/microscope.md"},
    {"token/rank", TEXT("Rank"), TEXT("Place of the token among all candidates, the likeliest first."),
     TEXT("1 for most tokens of a text that the model knows."), "docs/microscope.md"},
    {"token/surprise", TEXT("Surprise"),
     TEXT("−ln of the probability, in nats. Its mean over a text is the loss."),
     TEXT("0 is expected. Far above the loss of the run: the model would not have said that."),
     "docs/microscope.md"},
    {"token/entropy", TEXT("Entropy"),
     TEXT("How open the choice is, in nats: 0 is certain, ln n an even choice among n tokens."),
     TEXT("Compare it with the surprise: much surprise at little entropy is a firm mistake."),
     "docs/microscope.md"},
    {"token/likeliest", TEXT("Likeliest"),
     TEXT("The token that the model holds for most likely at this place."), "", "docs/microscope.md"},

    // Settings for which a range alone does not say what to choose
    {"optimizer.lr", TEXT("Learning rate"), TEXT("How far an update moves the weights, at its highest."),
     TEXT("0.001 to start with; 0.003 for very small models, 0.0003 from 100 million parameters on. The "
          "loss jumps: halve it."),
     "docs/model.md"},
    {"optimizer.clip", TEXT("Clipping"), TEXT("Longer gradients are cut to this length."),
     TEXT("1. Cutting at every step means that the learning rate, not this, should be lower."),
     "docs/model.md"},
    {"optimizer.weight_decay", TEXT("Weight decay"),
     TEXT("Pulls weights towards 0 at each step, times the learning rate."),
     TEXT("0.01 to 0.1; 0 where the text is read once."), "docs/model.md"},
    {"schedule.warmup_steps", TEXT("Warm-up"), TEXT("Steps over which the learning rate rises from 0."),
     TEXT("1 to 5 % of the steps. Too few shows as an early spike of the loss."), "docs/model.md"},
    {"train.batch_size", TEXT("Batch size"), TEXT("Sequences that one step reads at once."),
     TEXT("As many as memory and patience allow up to some thousand tokens a step; train.accumulation "
          "gives more without memory."),
     "docs/estimate.md"},
    {"train.eval_every", TEXT("Validation rhythm"), TEXT("Steps between two validations."),
     TEXT("20 to 100 points over the run say enough; each costs about train.eval_tokens of reading."),
     "docs/runs.md"},
    {"train.patience", TEXT("Patience"),
     TEXT("Validations without a better loss before the run ends by itself; 0 never ends it."),
     TEXT("5 to 10, with enough validation text that its noise is small."), "docs/runs.md"},
    {"data.val_fraction", TEXT("Validation share"),
     TEXT("Share of the text that is kept out of training to measure on."),
     TEXT("0.01 to 0.1: some 100,000 tokens are enough."), "docs/data.md"},
    {"model.layers", TEXT("Layers"), TEXT("Blocks of attention and feed-forward, one on the other."),
     TEXT("4 to 12 on a processor. Depth and width grow together: about 64 of width for each layer."),
     "docs/model.md"},
    {"model.width", TEXT("Width"), TEXT("Numbers that stand for a token between the layers."),
     TEXT("A multiple of the heads with 32 to 128 for each; costs grow with its square."), "docs/model.md"},
    {"model.context", TEXT("Context"), TEXT("Tokens that the model sees at once."),
     TEXT("As long as what has to be remembered: a page of text is about 3,000 bytes or 700 tokens of a "
          "vocabulary of 8,192."),
     "docs/model.md"},
    {"model.dropout", TEXT("Dropout"),
     TEXT("Share of numbers that are left out at random while training, against learning by heart."),
     TEXT("0 where each text is read once or twice, 0.1 to 0.2 where it is read often."), "docs/model.md"},
    {"probes.budget_percent", TEXT("Budget for looking"),
     TEXT("Share of the training's time that frames and samples may take."),
     TEXT("2. What exceeds it is taken less often, and the status bar says the cost."), "docs/attention.md"},
});
#undef TEXT

QString translated(const char *text)
{
    return *text ? QCoreApplication::translate("Glossary", text) : QString();
}

GlossaryEntry entryOf(const Line &line)
{
    return {QString::fromLatin1(line.term), translated(line.title), translated(line.meaning),
            translated(line.good), QString::fromLatin1(line.page)};
}

/// Qt breaks a plain hover at line ends only.
QString wrapped(const QString &text)
{
    constexpr qsizetype kWidth = 78;
    QString out;
    qsizetype length = 0;
    for (const QString &word : text.split(u' ')) {
        const bool breaks = length > 0 && length + 1 + word.size() > kWidth;
        if (length > 0) out += breaks ? u'\n' : u' ';
        length = breaks || length == 0 ? word.size() : length + 1 + word.size();
        out += word;
    }
    return out;
}

/// Whether the pattern, with at most one star, fits the name.
bool fits(QLatin1StringView pattern, const QString &name)
{
    const qsizetype star = pattern.indexOf(u'*');
    if (star < 0) return name == pattern;
    return name.size() >= pattern.size() - 1 && name.startsWith(pattern.first(star)) &&
           name.endsWith(pattern.sliced(star + 1));
}

} // namespace

std::vector<GlossaryEntry> glossary()
{
    std::vector<GlossaryEntry> entries;
    for (const Line &line : kLines) entries.push_back(entryOf(line));
    return entries;
}

std::optional<GlossaryEntry> glossaryEntry(const QString &term)
{
    // Exact ones stand before those with a star that would fit them, too; a test says so.
    for (const Line &line : kLines)
        if (fits(QLatin1StringView(line.term), term)) return entryOf(line);
    return std::nullopt;
}

QString glossaryAdvice(const QString &term)
{
    const std::optional<GlossaryEntry> entry = glossaryEntry(term);
    if (!entry || entry->good.isEmpty()) return {};
    return wrapped(QCoreApplication::translate("Glossary", "Good: %1").arg(entry->good));
}

QString glossaryHover(const QString &term)
{
    const std::optional<GlossaryEntry> entry = glossaryEntry(term);
    if (!entry) return {};
    QString text = wrapped(entry->meaning);
    if (const QString good = glossaryAdvice(term); !good.isEmpty()) text += u'\n' + good;
    if (!entry->page.isEmpty())
        text += u'\n' + QCoreApplication::translate("Glossary", "More: %1").arg(entry->page);
    return text;
}

} // namespace orrery::ui
