// SPDX-License-Identifier: Apache-2.0
// gen:shapes as a source of documents: made when asked for, kept nowhere. Immutable; any thread.
#pragma once

#include "core/data/multimodal/source.h"
#include "core/data/world/shapes_scene.h"

#include <memory>

namespace orrery {

class ShapesSource final : public MultiModalSource {
public:
    /// The grid is that of the front end, so pictures of any size fit; with the default grid and patch of the
    /// front end, size = 48 needs no scaling.
    /// @error InvalidInput as ShapesScenes::create and checkFrontEnd; a tokenizer without special tokens
    static Result<ShapesSource> create(const ShapesSpec &spec, const FrontEnd &frontEnd,
                                       std::shared_ptr<const Tokenizer> tokenizer);

    [[nodiscard]] const FrontEnd &frontEnd() const override { return m_frontEnd; }
    [[nodiscard]] int64_t vocabSize() const override { return m_tokenizer->vocabSize(); }
    [[nodiscard]] std::string name() const override { return shapesSpecText(m_scenes.spec()); }
    [[nodiscard]] uint64_t numRecords(Split split) const override;
    [[nodiscard]] uint64_t numPositions(Split split, uint64_t index) const override;
    void read(Split split, uint64_t index, uint64_t begin, uint64_t count,
              MultiModalRecord &record) const override;

    [[nodiscard]] const ShapesScenes &scenes() const { return m_scenes; }
    /// Picture and recording of a document as they are shown and exported, with the noise of the settings.
    [[nodiscard]] Image picture(const ShapesDocument &document) const;
    [[nodiscard]] Audio recording(const ShapesDocument &document) const;

private:
    ShapesSource(ShapesScenes scenes, const FrontEnd &frontEnd, std::shared_ptr<const Tokenizer> tokenizer)
        : m_scenes(std::move(scenes)), m_frontEnd(frontEnd), m_tokenizer(std::move(tokenizer))
    {
    }

    ShapesScenes m_scenes;
    FrontEnd m_frontEnd;
    std::shared_ptr<const Tokenizer> m_tokenizer;
};

} // namespace orrery
