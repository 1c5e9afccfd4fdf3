# PyTorch's side of bench/training-step.mjs: one training step for every line on stdin.
# Arguments: network (unet, plain), edge of the cubic patch, threads.
import json
import resource
import sys
import time

import torch
from torch import nn

name, edge, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)


def adn(channels):
    return nn.Sequential(nn.InstanceNorm3d(channels), nn.PReLU())


class Residual(nn.Module):
    """MONAI's ResidualUnit."""

    def __init__(self, cin, cout, stride, units, last_conv_only=False):
        super().__init__()
        layers = []
        for i in range(units):
            layers.append(nn.Conv3d(cin if i == 0 else cout, cout, 3, stride if i == 0 else 1, 1))
            if not (last_conv_only and i == units - 1):
                layers.append(adn(cout))
        self.conv = nn.Sequential(*layers)
        if stride != 1:
            self.residual = nn.Conv3d(cin, cout, 3, stride, 1)
        elif cin != cout:
            self.residual = nn.Conv3d(cin, cout, 1)
        else:
            self.residual = nn.Identity()

    def forward(self, x):
        return self.conv(x) + self.residual(x)


class Level(nn.Module):
    """Down, the levels below, concatenation, up."""

    def __init__(self, cin, cout, channels, top=False):
        super().__init__()
        c = channels[0]
        self.down = Residual(cin, c, 2, 2)
        deeper = len(channels) > 2
        self.sub = Level(c, c, channels[1:]) if deeper else Residual(c, channels[1], 1, 2)
        joined = 2 * c if deeper else c + channels[1]
        self.up = nn.Sequential(
            nn.ConvTranspose3d(joined, cout, 3, 2, 1, 1), adn(cout), Residual(cout, cout, 1, 1, top)
        )

    def forward(self, x):
        x = self.down(x)
        return self.up(torch.cat([x, self.sub(x)], 1))


def block(cin, cout, stride):
    return nn.Sequential(
        nn.Conv3d(cin, cout, 3, stride, 1), nn.InstanceNorm3d(cout, affine=True), nn.LeakyReLU(0.01, True)
    )


class PlainConvUNet(nn.Module):
    """nnU-Net's, without deep supervision: of the heads only the finest has a part."""

    def __init__(self, features=(32, 64, 128, 256, 320, 320), classes=3):
        super().__init__()
        inputs = (1,) + features[:-1]
        self.encoder = nn.ModuleList(
            nn.Sequential(block(cin, f, 1 if i == 0 else 2), block(f, f, 1))
            for i, (cin, f) in enumerate(zip(inputs, features))
        )
        pairs = list(zip(features[:0:-1], features[-2::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose3d(a, b, 2, 2) for a, b in pairs)
        self.decoder = nn.ModuleList(nn.Sequential(block(2 * b, b, 1), block(b, b, 1)) for _, b in pairs)
        self.heads = nn.ModuleList(nn.Conv3d(b, classes, 1) for _, b in pairs)

    def forward(self, x):
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for up, stage in zip(self.up, self.decoder):
            x = stage(torch.cat([up(x), skips.pop()], 1))
        return self.heads[-1](x)


if name == "unet":
    model, classes = Level(1, 2, (16, 32, 64, 128, 256), top=True), 2
else:
    model, classes = PlainConvUNet(), 3
optimiser = torch.optim.Adam(model.parameters(), 1e-3)
loss_function = nn.CrossEntropyLoss()
index = torch.arange(edge**3)
data = torch.sin(index * 0.37).reshape(1, 1, edge, edge, edge)
target = (index % classes).reshape(1, edge, edge, edge)


def reply(**values):
    print(json.dumps(values), flush=True)


reply(parameters=sum(p.numel() for p in model.parameters()), version=torch.__version__)
for _ in sys.stdin:
    start = time.perf_counter()
    optimiser.zero_grad(set_to_none=True)
    loss = loss_function(model(data), target)
    loss.backward()
    optimiser.step()
    value = loss.item()
    seconds = time.perf_counter() - start
    reply(seconds=seconds, loss=value, peakMb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
