/** The organs in a scene one can turn, with a list to show and hide them. Draws only when something changed. */
import {
  Box3,
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  HemisphereLight,
  Mesh,
  MeshPhongMaterial,
  PerspectiveCamera,
  Raycaster,
  Scene,
  Sphere,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { NO_VALUE_COLOR } from "../color-map.js";
import { type Manifest, unpackMeshes } from "../manifest.js";
import { isSkeleton } from "../wording.js";
import { AxisFigure } from "./axis-figure.js";
import { button, element, slider, wheelIntent } from "./dom.js";
import { SceneColoring } from "./scene-coloring.js";
import type { Selection } from "./selection.js";
import { structureList } from "./structure-list.js";

/** From where one looks, and which way is up; world RAS. */
const DIRECTIONS: Record<string, { from: [number, number, number]; up?: [number, number, number] }> = {
  Front: { from: [0, 1, 0] },
  Back: { from: [0, -1, 0] },
  Left: { from: [-1, 0, 0] },
  Right: { from: [1, 0, 0] },
  Above: { from: [0, 0.02, 1] },
  Below: { from: [0, 0.02, -1] },
};
const ENVELOPE_OPACITY = 0.16;
const SPECULAR = 0x1c1c1c;

/** Of structures that a quantity says nothing about. */
const NO_VALUE_OPACITY = 0.13;
/** Of bones that have a value, so that the organs behind them are seen. */
const BONE_OPACITY = 0.35;

export async function startScene(
  host: HTMLElement,
  manifest: Manifest,
  text: string,
  selection: Selection,
): Promise<void> {
  const { structures } = manifest;
  const canvas = element("canvas", {
    tabindex: 0,
    role: "img",
    "aria-label": "Organ surfaces. Drag or use the arrow keys to turn, wheel to zoom.",
  });
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "low-power" });
  const scene = new Scene();
  const camera = new PerspectiveCamera(26, 1, 1, 1e5);
  camera.up.set(0, 0, 1);
  scene.add(new HemisphereLight(0xffffff, 0x9aa3b2, 1.5), camera);
  const lamp = new DirectionalLight(0xffffff, 1.9);
  lamp.position.set(-0.5, 0.8, 1);
  camera.add(lamp);

  const meshes = (await unpackMeshes(manifest.meshes, text)).map(({ structure, mesh }) => {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(mesh.positions, 3));
    geometry.setIndex(new BufferAttribute(mesh.indices, 1));
    geometry.computeVertexNormals();
    const { color, envelope } = structures[structure - 1]!;
    const material = new MeshPhongMaterial({ color: new Color(color), specular: SPECULAR, shininess: 22 });
    const object = new Mesh(geometry, material);
    object.userData["structure"] = structure;
    if (envelope) setOpacity(object, ENVELOPE_OPACITY);
    scene.add(object);
    return object;
  });
  const envelopes = meshes.filter((mesh) => structures[structureOf(mesh) - 1]!.envelope);

  const controls = new OrbitControls(camera, canvas);
  controls.enableDamping = false;
  controls.rotateSpeed = 0.9;
  // One finger turns sideways and still scrolls the page up and down.
  canvas.style.touchAction = "pan-y";
  const meant = wheelIntent(canvas);
  canvas.addEventListener(
    "wheel",
    () => {
      controls.enableZoom = meant();
    },
    { capture: true, passive: true },
  );

  const axes = new AxisFigure();
  let pending = false;
  const draw = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      renderer.render(scene, camera);
      axes.update(camera.quaternion);
    });
  };
  controls.addEventListener("change", draw);

  const lookFrom = (name: string) => {
    const shown = meshes.filter((mesh) => mesh.visible && !envelopes.includes(mesh));
    const box = new Box3();
    for (const mesh of shown.length > 0 ? shown : meshes) box.expandByObject(mesh);
    const sphere = box.getBoundingSphere(new Sphere());
    const size = box.getSize(new Vector3());
    // Room for the tallest and widest side at the window's shape.
    const half = Math.max(size.z, Math.max(size.x, size.y) / camera.aspect) / 2;
    const depth = Math.max(size.x, size.y) / 2;
    const distance = (1.08 * half) / Math.tan((camera.fov * Math.PI) / 360) + depth;
    const { from } = DIRECTIONS[name]!;
    controls.target.copy(sphere.center);
    camera.position.copy(sphere.center).addScaledVector(new Vector3(...from).normalize(), distance);
    camera.near = distance / 100;
    camera.far = distance * 10;
    camera.updateProjectionMatrix();
    controls.update();
    draw();
  };

  let envelopeOpacity = ENVELOPE_OPACITY;
  /** Colours by structure number, from a quantity; null for the structures' own. */
  let paint: ReadonlyMap<number, string> | null = null;
  const dress = () => {
    for (const mesh of meshes) {
      const { color, envelope, group } = structures[structureOf(mesh) - 1]!;
      const valued = paint?.get(structureOf(mesh));
      const own = envelope ? envelopeOpacity : 1;
      const most =
        paint === null ? 1 : valued === undefined ? NO_VALUE_OPACITY : isSkeleton(group) ? BONE_OPACITY : 1;
      setOpacity(mesh, Math.min(own, most));
      mesh.material.color.set(paint ? (valued ?? NO_VALUE_COLOR) : color);
      // A gloss would read as another value.
      mesh.material.specular.set(paint ? 0x000000 : SPECULAR);
    }
    apply();
  };

  const said = element("output", { class: "scene-said" });
  const only = button("Show only this", () => {
    if (selection.choice.selected !== null) selection.isolate([selection.choice.selected]);
  });
  const reset = button("Reset", () => {
    selection.reset();
    lookFrom("Front");
  });
  const frame = element("div", { class: "scene-frame" }, canvas, axes.root, said);
  const coloring =
    manifest.colorings.length > 0
      ? new SceneColoring(manifest.colorings, (colors) => {
          paint = colors;
          dress();
        })
      : null;
  if (coloring) frame.append(coloring.bar);
  const tools = element(
    "div",
    { class: "tools", role: "group", "aria-label": "Scene" },
    element(
      "div",
      { class: "segmented", role: "group", "aria-label": "Look from" },
      ...Object.keys(DIRECTIONS).map((name) => button(name, () => lookFrom(name))),
    ),
    ...(envelopes.length > 0
      ? [
          slider(
            "Skin, fat and muscles",
            { min: 0, max: 1, step: 0.02, value: ENVELOPE_OPACITY },
            (value) => {
              envelopeOpacity = value;
              dress();
            },
          ),
        ]
      : []),
    only,
    reset,
  );
  only.disabled = true;
  const stills = host.querySelector(".stills")!;
  host.prepend(
    tools,
    ...(coloring ? [coloring.root] : []),
    element("div", { class: "scene-body" }, frame, structureList(manifest, selection)),
  );
  host.classList.add("is-live");
  canvas.addEventListener("webglcontextlost", () => {
    host.classList.remove("is-live");
    stills.before(
      element("p", { class: "empty" }, "The browser stopped the 3D scene; these are still views."),
    );
  });

  const pick = (event: PointerEvent) => hit(event, canvas, camera, meshes);
  let hovering = false;
  canvas.addEventListener("pointermove", (event) => {
    if (hovering || event.buttons !== 0) return;
    hovering = true;
    requestAnimationFrame(() => {
      hovering = false;
      const structure = pick(event);
      said.textContent = titleOf(structure ?? selection.choice.selected);
    });
  });
  const titleOf = (structure: number | null) => {
    if (structure === null) return "";
    const { title } = structures[structure - 1]!;
    const value = coloring?.valueText(structure) ?? null;
    return value === null ? title : `${title}: ${value}`;
  };
  let down = { x: 0, y: 0 };
  canvas.addEventListener("pointerdown", (event) => {
    down = { x: event.clientX, y: event.clientY };
  });
  canvas.addEventListener("pointerup", (event) => {
    if (Math.hypot(event.clientX - down.x, event.clientY - down.y) < 4) selection.select(pick(event));
  });
  canvas.addEventListener("keydown", (event) => {
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!turn) return;
    event.preventDefault();
    rotate(camera, controls.target, turn[0]! * 0.15, turn[1]! * 0.15);
    controls.update();
    draw();
  });

  const apply = () => {
    const { selected, hidden } = selection.choice;
    for (const mesh of meshes) {
      mesh.visible = !hidden[structureOf(mesh)] && mesh.material.opacity > 0.01;
      mesh.material.emissive.set(structureOf(mesh) === selected ? 0x3d3d3d : 0x000000);
    }
    only.disabled = selected === null;
    said.textContent = titleOf(selected);
    draw();
  };
  apply();
  selection.subscribe(apply);

  let fitted = false;
  new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = frame;
    if (width === 0 || height === 0) return;
    renderer.setPixelRatio(Math.min(2, window.devicePixelRatio || 1));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    if (!fitted) lookFrom("Front");
    fitted = true;
    draw();
  }).observe(frame);
}

type OrganMesh = Mesh<BufferGeometry, MeshPhongMaterial>;

const structureOf = (mesh: OrganMesh) => mesh.userData["structure"] as number;

function setOpacity(mesh: OrganMesh, opacity: number): void {
  const { material } = mesh;
  if (material.opacity === opacity) return;
  material.opacity = opacity;
  material.transparent = opacity < 1;
  material.depthWrite = opacity >= 1;
  material.needsUpdate = true;
  mesh.renderOrder = opacity < 1 ? 1 : 0;
}

/** Structure under the pointer: the nearest solid one, else the nearest translucent one. */
function hit(
  event: PointerEvent,
  canvas: HTMLCanvasElement,
  camera: PerspectiveCamera,
  meshes: OrganMesh[],
): number | null {
  const rect = canvas.getBoundingClientRect();
  const at = new Vector2(
    ((event.clientX - rect.left) / rect.width) * 2 - 1,
    1 - ((event.clientY - rect.top) / rect.height) * 2,
  );
  const ray = new Raycaster();
  ray.setFromCamera(at, camera);
  const hits = ray.intersectObjects(
    meshes.filter((mesh) => mesh.visible),
    false,
  );
  const found = hits.find(({ object }) => (object as OrganMesh).material.opacity > 0.5) ?? hits[0];
  return found ? structureOf(found.object as OrganMesh) : null;
}

/** Turns the camera about its target by azimuth and elevation, radians. */
function rotate(camera: PerspectiveCamera, target: Vector3, azimuth: number, elevation: number): void {
  const offset = camera.position.clone().sub(target);
  const radius = offset.length();
  const theta = Math.atan2(offset.y, offset.x) - azimuth;
  const phi = Math.min(Math.PI - 0.02, Math.max(0.02, Math.acos(offset.z / radius) + elevation));
  camera.position
    .set(Math.sin(phi) * Math.cos(theta), Math.sin(phi) * Math.sin(theta), Math.cos(phi))
    .multiplyScalar(radius)
    .add(target);
}
