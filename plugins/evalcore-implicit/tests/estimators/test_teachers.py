"""The teachers `image-mlp` and `resnet`."""

import math
import os
import pickle
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from evalcore.errors import EvalcoreError
from evalcore.testing import EstimatorContract
from evalcore_implicit.embedding import embed
from evalcore_implicit.estimators.modules.images import operations, resnet
from evalcore_implicit.estimators.teachers import (
    ImageMlp,
    ImageMlpSettings,
    ResNet,
    ResNetSettings,
    network,
)
from evalcore_implicit.images.dataset import ImageDataset, ImageDatasetSettings
from evalcore_implicit.images.glyphs import Glyphs, GlyphsSettings

FOLDER = Path(os.environ.get("EVALCORE_SHARED", ""), "data", "images")
needs_data = pytest.mark.skipif(
    "EVALCORE_SHARED" not in os.environ or not FOLDER.is_dir(),
    reason="EVALCORE_SHARED names no folder with images",
)

TINY = {"depth": 8, "width": 2, "epochs": 2, "batch_size": 16}


def coloured(count=48, size=8, seed=0):
    """Colour images of three classes: which channel is the brightest."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = rng.uniform(0, 0.5, (count, 3, size, size))
    images[np.arange(count), labels] += 0.4
    return images.astype(np.float32), labels


def mlp(**given):
    return ImageMlp(ImageMlpSettings(**{"widths": [8, 6], "epochs": 4, "batch_size": 16, **given}))


def residual(**given):
    return ResNet(ResNetSettings(**{**TINY, **given}))


class TestImageMlp(EstimatorContract):
    component = "image-mlp"
    settings: ClassVar = {"widths": [8, 6], "epochs": 4, "batch_size": 16}
    inputs: ClassVar = coloured()[0]
    targets: ClassVar = coloured()[1]


class TestResNet(EstimatorContract):
    component = "resnet"
    settings: ClassVar = TINY
    inputs: ClassVar = coloured()[0]
    targets: ClassVar = coloured()[1]


@pytest.mark.parametrize(
    "estimator",
    [
        mlp(),
        mlp(bias=True, standardize=True, crop=1, flip=True, rotation=10),
        residual(),
        residual(standardize=False),
    ],
)
def test_the_network_is_what_predicts(fit, estimator):
    images, labels = coloured()
    state = fit(estimator, images, labels).state
    found = network(estimator.settings, pickle.loads(pickle.dumps(state)))
    assert not any(module.training for module in found.modules())
    with torch.no_grad():
        scores = found(torch.from_numpy(images)).numpy()
    np.testing.assert_array_equal(scores, estimator.predict(state, images).outputs)


def test_a_network_that_is_changed_leaves_the_fit_alone(fit):
    images, labels = coloured()
    state = fit(mlp(), images, labels).state
    expected = mlp().predict(state, images).outputs
    with torch.no_grad():
        for weight in network(mlp().settings, state).parameters():
            weight.zero_()
    np.testing.assert_array_equal(mlp().predict(state, images).outputs, expected)


def test_a_network_is_made_without_touching_the_chance_of_others(fit):
    state = fit(mlp(), *coloured()).state
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    network(mlp().settings, state)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("estimator", [mlp(), mlp(bias=True, standardize=True)])
def test_a_perceptron_has_an_implicit_model(fit, estimator):
    images, labels = coloured()
    found = network(estimator.settings, fit(estimator, images, labels).state)
    inputs = torch.from_numpy(images)
    embedded = embed(found, (3, 8, 8))
    assert [block.name for block in embedded.blocks] == ["relu2", "relu1"]
    torch.testing.assert_close(embedded(inputs), found(inputs).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shortcut", ["pad", "convolution"])
def test_a_residual_network_has_an_implicit_model(fit, shortcut):
    estimator = residual(shortcut=shortcut)
    images, labels = coloured()
    found = network(estimator.settings, fit(estimator, images, labels).state)
    inputs = torch.from_numpy(images[:8])
    embedded = embed(found, (3, 8, 8))
    assert len(embedded.blocks) == 7
    assert embedded.blocks[-1].name == "relu"
    torch.testing.assert_close(embedded(inputs), found(inputs).detach(), rtol=1e-3, atol=1e-4)


def test_sizes_of_the_published_networks():
    # 0.27 M parameters: He et al., 2016, table 6, with identity shortcuts and ten classes.
    made = resnet(3, 10, depth=20, width=16, shortcut="pad", standardize=True).eval()
    assert sum(weight.numel() for weight in made.parameters()) == 269_722
    rectified = [name for name, module in made.named_modules() if isinstance(module, nn.ReLU)]
    assert len(rectified) == 19
    first, second, third = (9 * 4**k * 16 * 16 * (32 // 2**k) ** 2 for k in range(3))
    stem = 3 * 9 * 16 * 32 * 32
    assert operations(made, torch.zeros(1, 3, 32, 32)) == (
        stem + 6 * first + 5.5 * second + 5.5 * third + 640
    )


def test_sizes_by_formula(fit):
    images = np.zeros((4, 1, 28, 28), np.float32)
    labels = np.array([0, 9, 1, 2])
    found = fit(ImageMlp(ImageMlpSettings(epochs=1)), images, labels).details
    assert found["parameters"] == found["operations"] == 52_896
    found = fit(residual(epochs=1, width=3), *coloured()).details
    blocks = [(3, 3, 64), (3, 6, 16), (6, 12, 4)]
    weights = 3 * 3 + sum(a * b + b * b for a, b, _ in blocks)
    norms = 2 * (3 + sum(2 * b for _, b, _ in blocks))
    assert found["parameters"] == 9 * weights + norms + 12 * 3 + 3
    products = 9 * 3 * 3 * 64 + sum(9 * (a * b + b * b) * places for a, b, places in blocks)
    assert found["operations"] == products + 12 * 3


def test_operations_leave_out_weights_that_are_zero():
    made = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.Flatten(), nn.Linear(8, 3))
    images = torch.zeros(5, 1, 4, 4)
    assert operations(made, images) == 2 * 9 * 4 + 24
    with torch.no_grad():
        made[0].weight[1] = 0
        made[2].weight[0, :3] = 0
    assert operations(made, images) == 9 * 4 + 21


def test_the_images_are_standardized_by_channel_within_the_network(fit):
    images, labels = coloured()
    estimator = residual(epochs=1, batch_size=None)
    first = network(estimator.settings, fit(estimator, images, labels).state)[0]
    inputs = torch.from_numpy(images)
    scaled = first(inputs)
    torch.testing.assert_close(scaled.mean(dim=(0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-4)
    torch.testing.assert_close(
        scaled.var(dim=(0, 2, 3), correction=0), torch.ones(3), rtol=1e-4, atol=0
    )


def test_a_channel_that_does_not_vary_is_only_shifted(fit):
    images, labels = coloured()
    images[:, 2] = 0.3
    state = fit(mlp(standardize=True), images, labels).state
    with torch.no_grad():
        scaled = network(mlp(standardize=True).settings, state)[0](torch.from_numpy(images))
    assert scaled[:, 2].abs().max() < 1e-6


@pytest.mark.parametrize("estimator", [mlp(epochs=40, learning_rate=0.1), residual(epochs=8)])
def test_what_is_easy_is_learned(fit, estimator):
    fitted = fit(estimator, *coloured(96))
    images, labels = coloured(30, seed=1)
    found = estimator.predict(fitted.state, images).outputs.argmax(axis=1)
    assert np.mean(found == labels) > 0.9
    assert fitted.details["accuracy"] > 0.9


def test_details_of_a_fit(fit):
    found = fit(mlp(validation=0.25, epochs=3), *coloured()).details
    assert found["epochs"] == 3
    assert math.isfinite(found["held_out_loss"])
    assert found.keys() == {
        "parameters",
        "operations",
        "epochs",
        "loss",
        "accuracy",
        "seconds",
        "held_out_loss",
    }


def test_equal_seeds_augment_alike_and_augmenting_matters(fit):
    changing = {"crop": 2, "flip": True, "rotation": 20.0}
    images, labels = coloured()
    first, again, plain = (
        estimator.predict(fit(estimator, images, labels).state, images).outputs
        for estimator in (mlp(**changing), mlp(**changing), mlp())
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, plain)


def test_grey_images_need_no_channel(fit):
    images, labels = coloured()
    grey = images[:, 0]
    one, other = (fit(mlp(), each, labels).state for each in (grey, grey[:, None]))
    np.testing.assert_array_equal(
        mlp().predict(one, grey[:, None]).outputs, mlp().predict(other, grey).outputs
    )


def test_what_is_no_image_with_a_class_is_refused(fit):
    images, labels = coloured()
    with pytest.raises(EvalcoreError, match=r"inputs of shape \(48, 192\), expected images"):
        fit(mlp(), images.reshape(48, -1), labels)
    with pytest.raises(EvalcoreError, match=r"targets of shape \(48, 1\), expected classes"):
        fit(mlp(), images, labels[:, None] / 2)
    state = fit(mlp(), images, labels).state
    with pytest.raises(EvalcoreError, match=r"shape \(3, 8, 7\); this model was fitted to \(3, 8"):
        mlp().predict(state, images[:, :, :, 1:])


@pytest.mark.parametrize(
    ("settings", "given", "problem"),
    [
        (ResNetSettings, {"depth": 18}, "found `depth: 18`, expected 6 n . 2, such as 14 or 20"),
        (ResNetSettings, {"depth": 2}, "greater than or equal to 8"),
        (ResNetSettings, {"rotation": 181}, "less than or equal to 180"),
        (ImageMlpSettings, {"widths": []}, "at least 1 item"),
        (ImageMlpSettings, {"device": "gpu"}, "should match pattern"),
        (ImageMlpSettings, {"optimizer": "adam"}, "`momentum` is of `optimizer: sgd`"),
        (ImageMlpSettings, {"crops": 3}, "crops"),
    ],
)
def test_settings_that_make_no_network_are_refused(settings, given, problem):
    with pytest.raises(ValidationError, match=problem):
        settings(**given)


def test_a_device_that_is_not_there_is_told(fit, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    estimator = mlp(device="cuda")
    with pytest.raises(EvalcoreError, match="found `device: cuda`, but torch sees none"):
        estimator.preflight()
    with pytest.raises(EvalcoreError, match="found `device: cuda`"):
        fit(estimator, *coloured())
    mlp().preflight()


def accuracy(fit, task, estimator):
    case = next(task.cases())
    public, (_, truth) = case.sample.public, case.hidden
    state = fit(estimator, public.inputs, public.labels).state
    return np.mean(estimator.predict(state, public.test_inputs).outputs.argmax(axis=1) == truth)


def test_a_teacher_tells_most_glyphs(fit):
    task = Glyphs(GlyphsSettings(train_samples=1000, test_samples=300, noise=0.05))
    assert 0.75 < accuracy(fit, task, ImageMlp(ImageMlpSettings(epochs=25, batch_size=32))) < 1


@needs_data
def test_a_teacher_of_mnist(fit):
    path = str(FOLDER / "mnist_train_first12k.npz")
    task = ImageDataset(
        ImageDatasetSettings(path=path, train_samples=1500, test_samples=500, drawings=1)
    )
    estimator = ImageMlp(ImageMlpSettings(epochs=15, batch_size=32))
    assert accuracy(fit, task, estimator) > 0.85
